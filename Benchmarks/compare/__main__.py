"""Compares this package with its peers, in turns on this machine. `make compare` runs it; so does

    python3 Benchmarks/compare --only S2,mlp --turns 1 --seconds 1

The peers' programs are not part of this repository: PEERS, or --peers, says in which folder they are.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import installing
import machine
import report
from contenders import Setting, note_what_is_never_asked
from options import PACKAGE, command, options
from programs import SCHEDULING, Row
from turns import Turns, measure_scalars

WORK = PACKAGE / ".build-compare"


def main():
    chosen = options()
    missing = installing.Missing()
    binaries = installing.build_ours(PACKAGE)
    measured = machine.commit(PACKAGE)
    built, packages, interpreter, references = {}, set(), None, {}
    tensor = Path(chosen.peers) / "tensor"
    WORK.mkdir(exist_ok=True)
    if tensor.is_dir():
        built = installing.build_peers(Path(chosen.peers) / "scheduling", WORK / "bin", missing)
        interpreter = installing.make_environment(WORK, chosen.python, missing)
        packages = installing.peers_in(interpreter, missing)
        note_what_is_never_asked(missing)
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
    setting = Setting(binaries, built, interpreter, packages, tensor, chosen.quick, missing)
    asked = {row: setting.contenders(row) for row in rows}
    peers = {program.name: program.peer for programs in asked.values() for program in programs}
    turns = Turns(asked, chosen.runs, chosen.seconds, chosen.patience, environment, missing)
    loads = [os.getloadavg()[0]]
    scalar_lines = {}
    try:
        for turn in range(chosen.turns):
            print(f"turn {turn + 1} of {chosen.turns}", flush=True)
            turns.take(turn, chosen.turns)
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
    facts = [("commit", measured)]
    facts += machine.facts(binaries / "training", built.get("tbb"), interpreter, turns.samples, environment)
    chosen.results.mkdir(parents=True, exist_ok=True)
    report.write(
        chosen.results / "comparison.md", command(chosen), turns.samples, peers, scalar_lines, references, facts, how,
        missing)
    print(f"wrote {chosen.results / 'comparison.md'}")
    draw(turns.samples, peers, interpreter, chosen.results / "comparison.svg")


def draw(samples, peers, interpreter, path):
    """Charts the ratios with the environment's matplotlib."""
    ratios = report.ratios(samples, peers)
    if not ratios or not interpreter:
        print("no chart: nothing to compare")
        return
    data = WORK / "ratios.json"
    data.write_text(json.dumps(ratios))
    done = installing.run(interpreter, Path(__file__).parent / "chart.py", data, path)
    print(f"wrote {path}" if done.returncode == 0 else f"no chart: {installing.last_line(done)}")


if __name__ == "__main__":
    sys.exit(main())
