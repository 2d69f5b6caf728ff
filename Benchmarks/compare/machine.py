"""What the figures were taken on."""

import ctypes
import mmap
import os
import platform
import re
import subprocess
import time
from pathlib import Path


def output(*command, environment=None):
    try:
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, env=environment, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def processor():
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    name = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return name.group(1) if name else platform.processor() or platform.machine()


def first_touch_ms(megabytes):
    """How long the system takes to hand out that much memory which nobody had before, here and now."""
    size = max(int(megabytes * 1e6), mmap.PAGESIZE)
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        if hasattr(mmap, "MADV_HUGEPAGE"):
            memory.madvise(mmap.MADV_HUGEPAGE)
        view = (ctypes.c_char * size).from_buffer(memory)
        start = time.perf_counter()
        ctypes.memset(view, 1, size)
        taken = (time.perf_counter() - start) * 1000
        del view
    return taken


def commit(package: Path):
    """The commit that is measured, and whether something was changed since; the written results don't count."""
    named = output("git", "-C", package, "rev-parse", "--short", "HEAD").strip()
    changed = output("git", "-C", package, "status", "--porcelain", "--", ":/", ":(exclude)results")
    return (named + (" with changes" if changed.strip() else "")) if re.fullmatch("[0-9a-f]+", named) else "?"


def basics():
    """Name and value of what is true of all programs, in order."""
    swift = re.search(r"Swift version (\S+)", output("swift", "--version"))
    return [
        ("processor", processor()), ("cores", str(os.cpu_count())), ("system", f"{platform.system()} {platform.machine()}"),
        ("Swift", swift.group(1) if swift else "?"),
    ]


def versions(samples):
    """Name and version of each peer that says its own, by name."""
    said = {
        name.split()[0]: sample.version for row, taken in samples.items() if row.kind == "training"
        for name, several in taken.items() for sample in several if sample.version}
    return sorted(said.items())


def facts(training, tbb, python, samples, environment):
    """Name and value of each fact, in order."""
    core = re.search(
        r"Core: (\S+)",
        output(
            training, "--workload", "tiny_mlp", "--seconds", "0.01",
            environment={**environment, "OPENBLAS_VERBOSE": "2"}))
    tbb_version = re.search(r"TBB (\S+)", output(tbb, "info")) if tbb else None
    lines = basics()
    if core:  # where the package was built with the trait BLAS
        lines.append(("OpenBLAS's kernels", core.group(1)))
    if tbb_version:
        lines.append(("oneTBB", tbb_version.group(1)))
    lines += versions(samples)
    if python:
        lines.append(("Python", output(python, "--version").split()[-1]))
    return lines
