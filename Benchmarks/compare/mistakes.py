"""What can be wrong with what is asked for and with the machine, each in one sentence, before anything is built."""

import importlib.util
import os
import shutil
from pathlib import Path

import installing
from contenders import FRAMEWORKS, SCHEDULERS, WITHOUT, left_out
from options import rows
from programs import SCALARS, SCHEDULING, TRAINING


def mistakes(chosen, work: Path):
    """All that is wrong, a sentence each; `work` is the folder that things are built in."""
    wrong = [*words(chosen), *folders(chosen, work)]
    if shutil.which("swift") is None:
        wrong.append("There is no swift in PATH to build this package's programs with.")
    if wrong:
        return wrong  # The rest depends on what is asked for.
    absent = left_out(chosen.without)
    schedulers = [name for name in SCHEDULERS if name not in absent] if asks(chosen, "scheduling") else []
    frameworks = [entry for entry in FRAMEWORKS if entry[0] not in absent] if asks(chosen, "training") else []
    return [
        *sources(chosen.peers, schedulers, frameworks), *compilers(schedulers),
        *pythons(chosen.python, [package for package, *_ in frameworks], work)]


def asks(chosen, kind):
    return any(row.kind == kind for row in rows(chosen))


def words(chosen):
    known = [*SCHEDULING, *TRAINING, SCALARS]
    for option, given, names in (("--only", chosen.only or [], known), ("--without", chosen.without, list(WITHOUT))):
        if unknown := [word for word in given if word not in names]:
            yield f"{option} does not know {listed(unknown)}; it knows {listed(names)}."
    processors = processor_count()
    if beyond := [threads for threads in chosen.threads if threads > processors]:
        yield (f"--threads {listed(beyond)} is more than the {processors} processor{'s' * (processors > 1)} that this "
               "process may use.")


def processor_count():
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def folders(chosen, work):
    for path, what in ((chosen.results, "the results"), (work, "what is built")):
        if not can_be_written(path):
            yield f"The folder for {what} cannot be written: {path}"
    for name in ("comparison.md", "comparison.svg"):
        if (file := chosen.results / name).exists() and not os.access(file, os.W_OK):
            yield f"The file cannot be written: {file}"


def can_be_written(folder: Path):
    """Whether files can be put into a folder that is there, or that can be made."""
    folder = folder.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def sources(peers: Path, schedulers, frameworks):
    wanted = {"scheduling/b_tbb.cpp"} if "tbb" in schedulers else set()
    wanted |= {"scheduling/b_floor.cpp"} if set(schedulers) - {"tbb"} else set()
    wanted |= {f"tensor/{source}" for _, _, source, _ in frameworks}
    if lacking := sorted(source for source in wanted if not (Path(peers) / source).is_file()):
        yield (f"The peers' programs are not in {peers}, which lacks {listed(lacking)}: give their folder as PEERS or "
               f"--peers, or leave peers out by --without, with names of {listed(WITHOUT)}.")


def compilers(schedulers):
    if not schedulers:
        return
    if shutil.which("g++") is None:
        yield "There is no g++ to build oneTBB's program and the floors with: install it, or say --without tbb,floors."
    elif "tbb" in schedulers and shutil.which("apt-get") is None and not installing.has_tbb():
        yield ("g++ does not find oneTBB's headers, and there is no apt-get to install them: install oneTBB, or say "
               "--without tbb.")


def pythons(given, packages, work):
    """Whether there is a Python with the packages, or one can be made."""
    if given is None:
        if packages and not installing.environment_in(work).exists() and importlib.util.find_spec("ensurepip") is None:
            yield ("This Python cannot make an environment for the peers' packages, as it lacks ensurepip (Debian's "
                   "python3-venv): install it, or name one that has them by --python.")
        return
    python = installing.interpreter(given)
    if python is None:
        yield f"--python is neither an interpreter nor an environment, a folder with bin/python: {given}"
    elif (done := installing.run(python, "-c", "print('works')")).stdout.strip() != "works":
        yield f"--python does not run as Python: {python} ({installing.last_line(done)})"
    elif lacking := list(installing.without(python, packages)):
        names = [package.split(".")[0] for package in lacking]
        yield (f"--python, {python}, cannot import {listed(lacking)}: install them there, or say "
               f"--without {','.join(names)}.")


def listed(words):
    return ", ".join(map(str, words))
