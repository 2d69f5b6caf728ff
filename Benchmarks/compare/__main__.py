"""Compares this package with its peers, in turns on this machine. `make compare` runs it; so does

    python3 Benchmarks/compare --only S2,mlp --turns 1 --seconds 1

The peers' programs are not part of this repository: PEERS, or --peers, says in which folder they are.
"""

import json
import os
import sys
from pathlib import Path

import installing
import machine
import report
from contenders import SCHEDULERS, Setting, left_out, note_what_is_never_asked
from missing import Missing
from mistakes import mistakes
from options import PACKAGE, command, note_what_was_not_asked, options, rows, wants_scalars
from turns import Turns, measure_scalars

WORK = PACKAGE / ".build-compare"


def main():
    chosen = options()
    if wrong := mistakes(chosen, WORK):
        print(*(f"compare: {sentence}" for sentence in wrong), sep="\n", file=sys.stderr)
        return 2
    try:
        compare(chosen)
    except installing.BuildFailure as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 1
    return 0


def compare(chosen):
    missing = Missing()
    setting = prepare(chosen, missing)
    measured = machine.commit(PACKAGE)
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    environment |= {
        "OPENBLAS_NUM_THREADS": "1", "JAX_COMPILATION_CACHE_DIR": str(WORK / "jax"),
        "TORCHINDUCTOR_CACHE_DIR": str(WORK / "inductor")}
    asked = {row: setting.contenders(row) for row in rows(chosen)}
    note_what_is_never_asked(asked, missing)
    note_what_was_not_asked(chosen, missing)
    peers = {program.name: program.peer for programs in asked.values() for program in programs}
    turns = Turns(asked, chosen.runs, chosen.seconds, chosen.patience, environment, missing)
    loads = [os.getloadavg()[0]]
    scalar_lines = {}
    turn = 0
    try:
        for turn in range(chosen.turns):
            print(f"turn {turn + 1} of {chosen.turns}", flush=True)
            turns.take(turn, chosen.turns)
        if wants_scalars(chosen):
            scalar_lines = measure_scalars(setting.binaries / "scalars", chosen.turns, 1_000_000, environment, missing)
    except KeyboardInterrupt:
        turns.note_interruption(turn, chosen.turns)
        if wants_scalars(chosen):
            missing.add("scalars", "interrupted")
    loads.append(os.getloadavg()[0])

    facts = [("commit", measured)]
    facts += machine.facts(
        setting.binaries / "training", setting.built.get("tbb"), setting.python, turns.samples, environment)
    references = {file.stem: json.loads(file.read_text()) for file in setting.tensor.glob("*.json")}
    obstacle = obstacle_to_chart(report.ratios(turns.samples, peers), setting.python)
    chosen.results.mkdir(parents=True, exist_ok=True)
    report.write(
        chosen.results / "comparison.md", command(chosen), turns.samples, peers, scalar_lines, references, facts,
        how(chosen, loads), missing, obstacle)
    print(f"wrote {chosen.results / 'comparison.md'}")
    if obstacle is None:
        draw(turns.samples, peers, setting.python, chosen.results / "comparison.svg")


def prepare(chosen, missing):
    """Builds and installs what is asked for."""
    asked = rows(chosen)
    kinds = {row.kind for row in asked}
    # `training` also says which BLAS there is.
    binaries = installing.build_ours(
        PACKAGE, ["training"] + ["scheduling"] * ("scheduling" in kinds) + ["scalars"] * wants_scalars(chosen))
    WORK.mkdir(exist_ok=True)
    absent = left_out(chosen.without)
    built, python = {}, None
    if "scheduling" in kinds:
        wanted = [name for name in SCHEDULERS if name not in absent]
        built, not_built = installing.build_peers(Path(chosen.peers) / "scheduling", WORK / "bin", wanted)
        absent |= not_built
    if chosen.python is not None:
        python = installing.interpreter(chosen.python)
    packages = [package for package in installing.PACKAGES if package not in absent] if "training" in kinds else []
    if packages and python is None:
        python = installing.make_environment(WORK, packages, missing)
        absent |= installing.without(python, packages)
    return Setting(binaries, built, python, absent, Path(chosen.peers) / "tensor", chosen.quick, missing)


def how(chosen, loads):
    quick = " What PyTorch compiles is left out, by `--quick`." if chosen.quick else ""
    return (
        f"{chosen.turns} turn{'s' * (chosen.turns > 1)}, in each of which ours and theirs run one after the other; a "
        f"call times {chosen.runs} runs of a schedule, or steps for {chosen.seconds:g} s, and is given up after "
        f"{chosen.patience:g} s.{quick} What was not run is named in its row, and [at the end](#not-run) with the "
        "reason. A figure is the median of the turns' medians, in brackets the "
        "least of all; spread is how far apart the turns' medians lie. At one thread every program is held to one "
        "processor. `OPENBLAS_CORETYPE` is unset, so that OpenBLAS picks the kernels made for the processor, and "
        f"`OPENBLAS_NUM_THREADS` is 1. Load average {loads[0]:.1f} at the start, {loads[1]:.1f} at the end.")


def obstacle_to_chart(ratios, python):
    """Why there is no chart, `None` if there is one."""
    if not ratios:
        return "there is nothing to compare"
    if python is None or not installing.imports(python, "matplotlib"):
        return "no environment has matplotlib"
    return None


def draw(samples, peers, python, path):
    """Charts the ratios with the environment's matplotlib."""
    data = WORK / "ratios.json"
    data.write_text(json.dumps(report.ratios(samples, peers)))
    done = installing.run(python, Path(__file__).parent / "chart.py", data, path)
    print(f"wrote {path}" if done.returncode == 0 else f"no chart: {installing.last_line(done)}")


if __name__ == "__main__":
    sys.exit(main())
