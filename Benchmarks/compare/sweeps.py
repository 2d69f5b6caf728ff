"""Writes what grows with the size of a scalar graph as Markdown: `make sweep` and `make widths` run

    python3 Benchmarks/compare/sweeps.py scalars        # costs a gate, 10³ … 10⁷ gates
    python3 Benchmarks/compare/sweeps.py widths         # width 2 against width 1, 2⁰ … 2²⁰ gates
"""

import json
import os
import sys

import installing
import machine
from markdown import number, table
from options import PACKAGE

SCALARS = (
    ("gates", "gates"), ("build", "build_ns"), ("compile", "compile_ns"), ("first step", "first_step_ns"),
    ("forward", "forward_median_ns"), ("backward", "backward_median_ns"), ("step", "step_median_ns"),
    ("bytes in the session", "session_bytes"), ("bytes in the process", "process_bytes"))


def scalars_table(text):
    """Of the JSON lines that `scalars --sweep` prints."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return table(
        [head for head, _ in SCALARS],
        [[f"{line[name]:,}" if name == "gates" else number(line[name]) for _, name in SCALARS] for line in lines])


def widths_table(text):
    """Of the columns that `widths` prints; a size at which width 2 is slower is marked behind them."""
    head, *lines = [line.split(", ") for line in text.splitlines() if ", " in line and ": " not in line]
    rows = []
    for gates, units, *times, ratio, noise in lines:
        noise, _, mark = noise.partition("  ")
        rows.append([f"{int(gates):,}", units, *(f"{int(time):,}" for time in times), ratio, noise, mark or "–"])
    return table([*head, "slower"], rows)


def sections(binaries, what, environment):
    """Heading and table for each kind of graph, and what a program said besides."""
    for kind in ("chain", "random"):
        words = ("10000000", "--sweep") if what == "scalars" else ("--check",)
        print(f"{what} {kind}", flush=True)
        done = installing.run(binaries / what, *words, "--kind", kind, env=environment)
        yield f"## {kind.capitalize()}"
        yield (scalars_table if what == "scalars" else widths_table)(done.stdout)
        if done.returncode != 0:
            yield f"The check failed: {installing.last_line(done)}"


TITLES = {
    "scalars": ("sweep", "# Scalar graphs by size", "Nanoseconds and bytes a gate at width 1; backward is a step without "
                "its forward part. Growth is linear if no column but those of small graphs depends on the size."),
    "widths": ("widths", "# Width 2 against width 1 by size", "Steps at both widths in turns. The noise is how far width 1 "
               "is from itself in the same turns; width 2 counts as slower where it is by more than that in each of five "
               "parts of the turns."),
}


def main(what):
    target, title, how = TITLES[what]
    measured = machine.commit(PACKAGE)
    binaries = installing.build_ours(PACKAGE, [what])
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    loads = [f"{os.getloadavg()[0]:.1f}"]
    found = list(sections(binaries, what, environment))
    loads.append(f"{os.getloadavg()[0]:.1f}")
    facts = [("commit", measured), *machine.basics(), ("load average, before and after", ", ".join(loads))]
    path = PACKAGE / "results" / f"{what}.md"
    path.write_text("\n\n".join([
        title, f"Written by `make {target}`; do not edit.", how,
        table(["machine", ""], [list(fact) for fact in facts]), *found]) + "\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    if sys.argv[1:] not in (["scalars"], ["widths"]):
        sys.exit("usage: sweeps.py scalars|widths")
    main(sys.argv[1])
