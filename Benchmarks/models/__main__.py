"""Counts the three models of Examples/Sources/Models beside the same in PyTorch, and prints a table.

    python3 Benchmarks/models             # prints it
    python3 Benchmarks/models --write     # writes Benchmarks/results/models.md
"""
import pathlib
import sys

import counting

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OURS = ROOT / "Examples" / "Sources" / "Models"
THEIRS = ROOT / "Benchmarks" / "models"
TABLE = ROOT / "Benchmarks" / "results" / "models.md"
# What a model is called, its file here, that in PyTorch, and how many parameters both have: Examples/Tests/ModelsTests
# holds ours to these, check.py theirs.
MODELS = [
    ("GPT-like decoder", "GPT.swift", "gpt.py", 118_656),
    ("variational autoencoder", "VAE.swift", "vae.py", 19_792),
    ("graph network", "GraphNetwork.swift", "graph_network.py", 594),
]


def counts():
    """For each model its name, characters here and in PyTorch, and parameters."""
    for name, ours, theirs, parameters in MODELS:
        here = counting.count(counting.swift((OURS / ours).read_text()))
        there = counting.count(counting.python((THEIRS / theirs).read_text()))
        yield name, here, there, parameters


def table():
    lines = ["| model | parameters | characters here | in PyTorch | ratio |", "|---|---|---|---|---|"]
    for name, here, there, parameters in counts():
        lines.append(f"| {name} | {parameters:,} | {here:,} | {there:,} | {here / there:.2f} |")
    return "\n".join(lines) + "\n"


def page():
    return f"""# Three models, here and in PyTorch

Each model and its training, as somebody writes it who knows the library: `Examples/Sources/Models` and
`Benchmarks/models`. Comments, blank lines and imports are left out, and a run of blanks counts as one character. Printed
by `python3 Benchmarks/models`; a test holds each ratio to at most 1.2.

{table()}
Both give the same loss: `python Benchmarks/models/check.py`, by a Python that has PyTorch, prints what PyTorch makes of
weights of a formula, and `ModelsTests` of the examples hold ours to it.
"""


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        TABLE.write_text(page())
    else:
        print(table(), end="")
