"""Compares this package with its peers, in turns on this machine. `make compare` runs it; so does

    python3 Benchmarks/compare --only S2,mlp --turns 1 --seconds 1

The peers' programs are not part of this repository: PEERS, or --peers, says in which folder they are.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import installing
import machine
import report
from programs import SCHEDULING, Program, Row, jax_variants, torch_variants
from turns import Turns, measure_scalars

PACKAGE = Path(__file__).resolve().parent.parent
WORK = PACKAGE / ".build-compare"


def options():
    parser = argparse.ArgumentParser(prog="compare", description="Measures ours and the peers' programs in turns.")
    parser.add_argument("--peers", type=Path, default=os.environ.get("PEERS", PACKAGE.parent.parent / "shared" / "peers"))
    parser.add_argument("--python", help="a virtual environment with the peers' packages; made where left out")
    parser.add_argument("--turns", type=int, help="3, or 1 if it is to be quick")
    parser.add_argument("--seconds", type=float, default=3, help="of timed steps a call of a training program")
    parser.add_argument("--runs", type=int, default=7, help="timed runs a call of a scheduling program")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", help="workloads, and 'scalars', by comma")
    parser.add_argument("--patience", type=float, default=150, help="seconds after which a call is given up")
    parser.add_argument("--quick", action="store_true", help="a second each, nothing that compiles for long")
    parser.add_argument("--results", type=Path, default=PACKAGE / "results")
    chosen = parser.parse_args()
    chosen.turns = chosen.turns or (1 if chosen.quick else 3)
    if chosen.quick:
        chosen.seconds, chosen.runs, chosen.patience = 1, 3, min(chosen.patience, 15)
    chosen.threads = [int(word) for word in chosen.threads.split(",")]
    return chosen


def contenders(row, binaries, built, python, tensor, chosen):
    """Ours, then the peers' programs and the floors that can be asked for `row`."""
    if row.kind == "scheduling":
        command = (str(binaries / "scheduling"),)
        found = [Program("ours", "ours", command), Program("ours, grouped", "ours", command)]
        if "tbb" in built:
            found.append(Program("oneTBB", "tbb", (str(built["tbb"]),)))
        found += [Program(name, "floor", (str(built[name]),)) for name in installing.FLOORS if name in built]
        return found
    ours = (str(binaries / "training"),)
    found = [Program("ours", "ours", ours)]
    if row.threads == 2:
        found.append(Program("ours, twice at once", "floor", ours, alone_twice=True))
    if "jax" in python:
        source = tensor / "peer_jax.py"
        found += [
            Program(f"JAX {variant}", "jax", (python["jax"], str(source), "--variant", variant))
            for variant in jax_variants(source, row.workload)]
    if "torch" in python:
        source = tensor / "peer_torch.py"
        found += [
            Program(f"PyTorch {variant}", "torch", (python["torch"], str(source), "--variant", variant))
            for variant in torch_variants(source, row.workload, "tbb" in built and not chosen.quick)]
    if "tensorflow" in python:
        source = tensor / "peer_tf.py"
        found += [
            Program(f"TensorFlow {variant}", "tensorflow", (python["tensorflow"], str(source), "--variant", variant))
            for variant in ("graph", "xla")]
    return found


def main():
    chosen = options()
    missing = installing.Missing()
    binaries = installing.build_ours(PACKAGE)
    built, python, interpreter, references = {}, {}, None, {}
    tensor = Path(chosen.peers) / "tensor"
    WORK.mkdir(exist_ok=True)
    if tensor.is_dir():
        built = installing.build_peers(Path(chosen.peers) / "scheduling", WORK / "bin", missing)
        interpreter = installing.make_environment(WORK, chosen.python, missing)
        python = {name: str(interpreter) for name in ("jax", "torch", "tensorflow")
                  if installing.imports(interpreter, name)}
        references = {file.stem: json.loads(file.read_text()) for file in tensor.glob("*.json")}
    else:
        missing.add("all peers and floors", "their folder is not there: give it as PEERS")

    listed = subprocess.run([binaries / "training", "--list"], capture_output=True, text=True, check=True)
    workloads = [("scheduling", name) for name in SCHEDULING] + [("training", name) for name in listed.stdout.split()]
    only = chosen.only.split(",") if chosen.only else None
    rows = [
        Row(kind, name, threads) for kind, name in workloads for threads in chosen.threads
        if only is None or name in only]

    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    environment |= {
        "OPENBLAS_NUM_THREADS": "1", "JAX_COMPILATION_CACHE_DIR": str(WORK / "jax"),
        "TORCHINDUCTOR_CACHE_DIR": str(WORK / "inductor")}
    asked = {row: contenders(row, binaries, built, python, tensor, chosen) for row in rows}
    peers = {program.name: program.peer for programs in asked.values() for program in programs}
    turns = Turns(asked, chosen.runs, chosen.seconds, chosen.patience, environment, missing)
    loads = [os.getloadavg()[0]]
    scalar_lines = {}
    try:
        for turn in range(chosen.turns):
            print(f"turn {turn + 1} of {chosen.turns}", flush=True)
            turns.take(turn)
        if only is None or "scalars" in only:
            scalar_lines = measure_scalars(binaries / "scalars", chosen.turns, 1_000_000, environment, missing)
    except KeyboardInterrupt:
        missing.add("the rest", "interrupted")
    loads.append(os.getloadavg()[0])

    how = (
        f"{chosen.turns} turn{'s' * (chosen.turns > 1)}, in each of which ours and theirs run one after the other; a call times {chosen.runs} runs "
        f"of a schedule, or steps for {chosen.seconds:g} s. A figure is the median of the turns' medians, in brackets the "
        "least of all; spread is how far apart the turns' medians lie. At one thread every program is held to one "
        "processor. `OPENBLAS_CORETYPE` is unset, so that OpenBLAS picks the kernels made for the processor, and "
        f"`OPENBLAS_NUM_THREADS` is 1. Load average {loads[0]:.1f} at the start, {loads[1]:.1f} at the end.")
    facts = machine.facts(binaries / "training", built.get("tbb"), interpreter, turns.samples, environment)
    chosen.results.mkdir(parents=True, exist_ok=True)
    report.write(
        chosen.results / "comparison.md", turns.samples, peers, scalar_lines, references, facts, how, missing)
    print(f"wrote {chosen.results / 'comparison.md'}")
    draw(turns.samples, peers, interpreter, chosen.results / "comparison.svg")


def draw(samples, peers, interpreter, path):
    """Charts the ratios with the environment's matplotlib."""
    ratios = {}
    for row in samples:
        both = report.verdicts(row, samples, peers)
        if both and both[0].ratio is not None:
            ratios.setdefault(row.kind, []).append([row.workload, row.threads, both[0].ratio])
    if not ratios or not interpreter:
        print("no chart: nothing to compare")
        return
    data = WORK / "ratios.json"
    data.write_text(json.dumps(ratios))
    done = installing.run(interpreter, Path(__file__).parent / "chart.py", data, path)
    print(f"wrote {path}" if done.returncode == 0 else f"no chart: {installing.last_line(done)}")


if __name__ == "__main__":
    sys.exit(main())
