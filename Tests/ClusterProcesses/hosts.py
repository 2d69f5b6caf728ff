"""Hosts on one machine: network namespaces with a link each of a given rate to a bridge between them. For root, on Linux.

mpirun starts its processes there through `enter`, in place of ssh.
"""
import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

ADDRESS = "10.77.0.{}"


def shell(line, check=True):
    return subprocess.run(line, shell=True, check=check, capture_output=True, text=True)


def may_be_made():
    """Whether this user may make namespaces here."""
    if not (shutil.which("ip") and shutil.which("tc") and os.geteuid() == 0):
        return False
    made = shell("ip netns add adjtry && ip link add adjtry0 type veth peer name adjtry1 && ip link del adjtry0", False)
    shell("ip netns del adjtry", False)
    return made.returncode == 0


class Hosts:
    def __init__(self, count, folder):
        self.count = count
        self.enter = Path(folder) / "enter"
        # Called as ssh is: a host, and what to run there.
        self.enter.write_text(
            '#!/bin/bash\nwhile [[ $1 == -* ]]; do shift; done\nhost=$1; shift\nnumber=${host##*.}; number=${number#host}\n'
            'exec ip netns exec adj$number unshare -u bash -c "hostname host$number; $*"\n')
        self.enter.chmod(self.enter.stat().st_mode | stat.S_IXUSR)

    def open_mpi(self, launcher, count, arguments):
        """A command that starts one process a host, from the first of them."""
        hosts = ",".join(ADDRESS.format(number + 1) for number in range(count))
        network = ADDRESS.format("0") + "/24"
        line = (
            f"{launcher} --bind-to none --mca plm_rsh_agent {self.enter} --mca btl tcp,self --mca pml ob1 "
            f"--mca btl_tcp_if_include {network} --mca oob_tcp_if_include {network} "
            f"-n {count} --map-by node --host {hosts} " + " ".join(str(argument) for argument in arguments))
        return ["ip", "netns", "exec", "adj1", "unshare", "-u", "bash", "-c", f"hostname host1; exec {line}"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Ends all processes of all hosts: Open MPI leaves its own behind where a link is down."""
        for number in range(1, self.count + 1):
            for process in shell(f"ip netns pids adj{number}", False).stdout.split():
                shell(f"kill -KILL {process}", False)

    def set_link(self, number, state):
        """Takes the link of host `number`, from 1, up or down."""
        shell(f"ip link set adjl{number} {state}")


@contextmanager
def hosts(count, rate="1gbit"):
    def down():
        for number in range(1, count + 1):
            shell(f"ip netns del adj{number}", False)
            shell(f"ip link del adjl{number}", False)
        shell("ip link del adjbridge", False)

    down()
    with tempfile.TemporaryDirectory() as folder:
        try:
            shell("ip link add adjbridge type bridge && ip link set adjbridge up")
            for number in range(1, count + 1):
                shell(f"ip netns add adj{number}")
                shell(f"ip link add adjl{number} type veth peer name eth0 netns adj{number}")
                shell(f"ip link set adjl{number} master adjbridge && ip link set adjl{number} up")
                shell(f"ip -n adj{number} addr add {ADDRESS.format(number)}/24 dev eth0")
                shell(f"ip -n adj{number} link set eth0 up && ip -n adj{number} link set lo up")
                limit = f"root tbf rate {rate} burst 1mb latency 20ms"
                shell(f"tc qdisc add dev adjl{number} {limit}")
                shell(f"ip netns exec adj{number} tc qdisc add dev eth0 {limit}")
            yield Hosts(count, folder)
        finally:
            down()
