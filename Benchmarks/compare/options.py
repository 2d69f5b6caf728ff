"""What is asked for on the command line."""

import argparse
import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent

# Timed runs of a schedule a call. About four runs after the first, the executor still tries whether to share: the median
# is that of settled runs from nine on.
RUNS, FEWEST_RUNS = 15, 9


def options(words=None):
    parser = argparse.ArgumentParser(prog="compare", description="Measures ours and the peers' programs in turns.")
    parser.add_argument("--peers", type=Path, default=os.environ.get("PEERS", PACKAGE.parent.parent / "shared" / "peers"))
    parser.add_argument("--python", help="a virtual environment with the peers' packages; made where left out")
    parser.add_argument("--turns", type=int, help="3, or 1 if it is to be quick")
    parser.add_argument("--seconds", type=float, default=3, help="of timed steps a call of a training program")
    parser.add_argument("--runs", type=int, default=RUNS, help="timed runs a call of a scheduling program")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", help="workloads, and 'scalars', by comma")
    parser.add_argument("--patience", type=float, default=150, help="seconds after which a call is given up")
    parser.add_argument("--quick", action="store_true", help="a second each, nothing that compiles for long")
    parser.add_argument("--results", type=Path, default=PACKAGE / "results")
    chosen = parser.parse_args(words)
    chosen.turns = chosen.turns or (1 if chosen.quick else 3)
    if chosen.quick:
        chosen.seconds, chosen.runs, chosen.patience = 1, FEWEST_RUNS, min(chosen.patience, 15)
    if chosen.runs < FEWEST_RUNS:
        parser.error(f"--runs is at least {FEWEST_RUNS}: the first ones are not settled yet")
    chosen.threads = [int(word) for word in chosen.threads.split(",")]
    return chosen


def command(chosen):
    """The command that does the same again, but for where things lie on this machine."""
    words = ["--quick"] if chosen.quick else []
    if chosen.turns != (1 if chosen.quick else 3):
        words += ["--turns", str(chosen.turns)]
    if not chosen.quick:
        words += [f"--{name} {value:g}" for name, usual in (("seconds", 3), ("runs", RUNS), ("patience", 150))
                  if (value := getattr(chosen, name)) != usual]
    words += [f"--threads {','.join(map(str, chosen.threads))}"] if chosen.threads != [1, 2] else []
    words += [f"--only {chosen.only}"] if chosen.only else []
    return f'make compare ARGUMENTS="{" ".join(words)}"' if words else "make compare"
