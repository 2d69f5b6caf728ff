"""python3 Benchmarks/compare/touched.py: how many files an addition touched, for CONTRIBUTING's table, and which.

An addition is the newest commit whose subject begins with given words, so that it is found again when the history has
been rewritten. Others than the table's: python3 Benchmarks/compare/touched.py "Gate atan2" "Gate softsign" ...
"""

import subprocess
import sys
from pathlib import Path

from markdown import table

REPOSITORY = Path(__file__).resolve().parent.parent.parent

# What is added, and the words with which the subject of the commit begins that added one.
ADDITIONS = [
    ("an elementwise gate with a fast kernel", "Gate atan2"),
    ("a gate with a structured kernel", "Gate cumulativeProduct"),
    ("a fusion of calls", "Fusion of products"),
    ("an element type", "Element types int64"),
]

OWN, SHARED, ORACLES, TESTS, DOCUMENTATION = "files of its own", "shared files", "oracles", "tests", "documentation"
KINDS = [OWN, SHARED, ORACLES, TESTS, DOCUMENTATION]


def git(repository, *words):
    command = ["git", "-C", str(repository), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(repository, words):
    """The newest commit whose subject begins with `words`; None if there is none."""
    for line in git(repository, "log", "--format=%H %s").splitlines():
        name, _, subject = line.partition(" ")
        if subject.startswith(words):
            return name
    return None


def kind(path, is_new):
    if path.endswith(".md"):
        return DOCUMENTATION
    # What a computed number is held against: slow definitions and exact formulas.
    if path.startswith("Sources/AdjointTesting/") or path == "Tests/KernelsTests/Support.swift":
        return ORACLES
    if "Tests/" in path:
        return TESTS
    return OWN if is_new else SHARED


def touched(repository, name):
    """The files that commit `name` touched, by kind, in the order of their paths. A file that was moved counts once."""
    files = {each: [] for each in KINDS}
    for line in git(repository, "show", "--format=", "--name-status", "--find-renames", name).splitlines():
        status, *paths = line.split("\t")
        files[kind(paths[-1], status == "A")].append(paths[-1])
    return {each: sorted(paths) for each, paths in files.items()}


def row(title, files):
    return [title, *(str(len(files[each])) for each in KINDS)]


def found(repository, additions):
    """The title and the files of each addition whose commit is there."""
    names = [(title, commit(repository, words)) for title, words in additions]
    return [(title, touched(repository, name)) for title, name in names if name]


if __name__ == "__main__":
    asked = [(words, words) for words in sys.argv[1:]] or ADDITIONS
    there = found(REPOSITORY, asked)
    print(table(["to add", *KINDS], [row(*each) for each in there]))
    for title, files in there:
        print(f"\n{title}")
        for each in KINDS:
            for path in files[each]:
                print(f"  {each}: {path}")
    if len(there) < len(asked):
        sys.exit("not every addition has a commit whose subject begins with its words")
