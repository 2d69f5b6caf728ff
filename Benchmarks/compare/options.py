"""What is asked for on the command line."""

import argparse
import os
import sys
from pathlib import Path

from programs import SCALARS, SCHEDULING, TRAINING, Row

PACKAGE = Path(__file__).resolve().parent.parent

# Timed runs of a schedule a call. About four runs after the first, the executor still tries whether to share: the median
# is that of settled runs from nine on.
RUNS, FEWEST_RUNS = 15, 9

USUAL = {"turns": 3, "seconds": 3, "runs": RUNS, "patience": 150}
QUICK = {"turns": 1, "seconds": 1, "runs": FEWEST_RUNS, "patience": 15}
THREADS = [1, 2]


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """One sentence, without the options: --help has those."""
        print(f"compare: {message}", file=sys.stderr)
        sys.exit(2)


def options(words=None):
    parser = Parser(prog="compare", description="Measures ours and the peers' programs in turns.", allow_abbrev=False)
    parser.add_argument(
        "--peers", type=Path, default=os.environ.get("PEERS") or PACKAGE.parent.parent / "shared" / "peers",
        help="the folder of the peers' programs")
    parser.add_argument(
        "--python", help="an interpreter with the peers' packages, or an environment: a folder with bin/python; "
        "an environment is made where it is left out")
    parser.add_argument("--turns", type=whole(1), help="3, or 1 with --quick")
    parser.add_argument(
        "--seconds", type=positive, help="of timed steps a call of a training program: 3, or 1 with --quick")
    parser.add_argument(
        "--runs", type=whole(FEWEST_RUNS, "the first ones are not settled yet"),
        help=f"timed runs a call of a scheduling program: {RUNS}, or {FEWEST_RUNS} with --quick")
    parser.add_argument("--threads", type=by_comma(whole(1)), default=THREADS, help="by comma: 1,2 where left out")
    parser.add_argument("--only", type=by_comma(name), help="workloads, and 'scalars', by comma")
    parser.add_argument(
        "--without", type=by_comma(name), default=[], help="peers, by comma: tbb, floors, jax, torch, tensorflow, mlx")
    parser.add_argument(
        "--patience", type=positive, help="seconds after which a call is given up: 150, or 15 with --quick")
    parser.add_argument("--quick", action="store_true", help="a second each, and nothing that PyTorch compiles")
    parser.add_argument("--results", type=Path, default=PACKAGE / "results")
    chosen = parser.parse_args(words)
    for option, usual in usual_of(chosen).items():
        if getattr(chosen, option) is None:
            setattr(chosen, option, usual)
    return chosen


def usual_of(chosen):
    return QUICK if chosen.quick else USUAL


def by_comma(kind):
    def several(text):
        return list(dict.fromkeys(kind(word.strip()) for word in text.split(",")))
    return several


def name(text):
    if not text:
        raise argparse.ArgumentTypeError("names are wanted, by comma")
    return text


def whole(least, why=""):
    def number(text):
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f"a whole number is wanted, at least {least}{why and ': ' + why}; got {text!r}")
        return value
    return number


def positive(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number above 0 is wanted, got {text!r}")
    return value


WORKLOADS = [("scheduling", name) for name in SCHEDULING] + [("training", name) for name in TRAINING]


def rows(chosen):
    return [
        Row(kind, name, threads) for kind, name in WORKLOADS for threads in chosen.threads
        if chosen.only is None or name in chosen.only]


def wants_scalars(chosen):
    return chosen.only is None or SCALARS in chosen.only


def note_what_was_not_asked(chosen, missing):
    """Names the rows that are in the whole table and not in this one."""
    if chosen.only is not None:
        for name in [name for _, name in WORKLOADS] + [SCALARS]:
            if name not in chosen.only:
                missing.add("all", "not asked, by --only", name)
    for threads in THREADS:
        if threads not in chosen.threads:
            missing.add("all", "not asked, by --threads", f"{threads} thread{'s' * (threads > 1)}")


def command(chosen):
    """The command that does the same again, but for where things lie on this machine."""
    words = ["--quick"] if chosen.quick else []
    words += [
        f"--{option} {value:g}" for option, usual in usual_of(chosen).items()
        if (value := getattr(chosen, option)) != usual]
    words += [f"--threads {','.join(map(str, chosen.threads))}"] if chosen.threads != THREADS else []
    words += [f"--only {','.join(chosen.only)}"] if chosen.only else []
    words += [f"--without {','.join(chosen.without)}"] if chosen.without else []
    return f'make compare ARGUMENTS="{" ".join(words)}"' if words else "make compare"
