"""Steps between two hosts that are emulated on this machine, a rank each: ours, and PyTorch's DDP, in turns.

    python3 Benchmarks/cluster_hosts.py --program .build-mpi-release/release/ClusterSums --python path --rate 4gbit

For root, on Linux with Open MPI; --python is an interpreter with PyTorch, without which ours are measured alone.
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "ClusterProcesses"))
import hosts  # noqa: E402

ENVIRONMENT = dict(
    os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", OMP_NUM_THREADS="1",
    MASTER_ADDR=hosts.ADDRESS.format(1), GLOO_SOCKET_IFNAME="eth0")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the program ClusterSums")
    parser.add_argument("--python", help="an interpreter with PyTorch")
    parser.add_argument("--rate", default="4gbit", help="of each host's link")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    if not hosts.may_be_made():
        sys.exit("not run: network namespaces cannot be made here")
    with hosts.hosts(2, options.rate) as network, network:
        exported = ["-x", "MASTER_ADDR", "-x", "GLOO_SOCKET_IFNAME", "-x", "OMP_NUM_THREADS"]
        commands = [[Path(options.program).resolve(), "steps", "2"]]
        if options.python:
            commands.append([options.python, ROOT / "Benchmarks" / "cluster_ddp.py"])
        for _ in range(options.turns):
            for command in commands:
                line = network.open_mpi("mpirun", 2, exported + command)
                found = subprocess.run(line, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)
                lines = [line for line in found.stdout.splitlines() if "median" in line]
                print("\n".join(lines) if lines else found.stdout + found.stderr, flush=True)


main()
