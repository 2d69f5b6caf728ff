"""Who is measured: how each program is called for a row of the table, and what its output says."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from machine import first_touch_ms

SCHEDULING = ["S1", "S2", "S3a", "S3b", "S3c", "S3M", "S4", "S4r", "S5", "S6"]
TRAINING = ["mlp", "tiny_mlp", "wide_dag", "lstm", "attention", "scalar_chain", "small_cnn", "alexnet"]
SCALARS = "scalars"  # a table of its own, without peers


@dataclass(frozen=True)
class Row:
    """One line of a table: a workload at a number of threads."""

    kind: str  # "scheduling" or "training"
    workload: str
    threads: int

    def __str__(self):
        return f"{self.workload} at {self.threads}"


@dataclass(frozen=True)
class Program:
    """A program, or a variant of one, that can be asked for a row."""

    name: str
    peer: str  # whose it is: "ours", "floor", or a peer
    command: tuple[str, ...]
    options: tuple[str, ...] = ()  # that come last
    says: str = ""  # the first column of a scheduling program, which tells that it knows the options
    alone_twice: bool = False  # two copies at once, each with one thread on a processor of its own

    def arguments(self, row, runs, seconds):
        if row.kind == "scheduling":
            return (*self.command, row.workload, str(row.threads), str(runs), *self.options)
        threads = 1 if self.alone_twice else row.threads
        return (*self.command, "--workload", row.workload, "--threads", str(threads), "--seconds", str(seconds))


@dataclass
class Sample:
    """What one call of a program measured: nanoseconds a task, or milliseconds a step."""

    median: float
    minimum: float
    check: dict = field(default_factory=dict)
    first_run: float | None = None  # of a schedule just built, nanoseconds a task
    first_step_ms: float | None = None
    peak_mb: float | None = None
    first_touch_ms: float | None = None  # of memory as large as the peak, right after
    version: str = ""


class Failure(Exception):
    """Why a program gave no figure."""


def parse_scheduling(text):
    """A line of the columns shared by all scheduling programs (their header is in SchedulingBenchmark.swift)."""
    columns = text.strip().splitlines()[-1].split(",") if text.strip() else []
    if len(columns) != 20:
        raise Failure(f"{len(columns)} columns instead of 20")
    return Sample(
        median=float(columns[10]), minimum=float(columns[11]), check={"checksum": float(columns[19])},
        first_run=float(columns[9]), version=columns[0])


def parse_training(text):
    """The JSON line shared by all training programs."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise Failure("no JSON line")
    result = json.loads(lines[-1])
    first = result.get("first_step_after_graph_s")
    return Sample(
        median=result["median_ms"], minimum=result["min_ms"], check=result["check"],
        first_step_ms=None if first is None else first * 1000, peak_mb=result.get("peak_rss_mb"),
        version=result.get("version", ""))


def measure(program, row, runs, seconds, patience, environment):
    """Calls `program` for `row`; one thread is held to one processor, as the peers' programs hold themselves.

    Of two copies at once, each step counts as half: a step divided perfectly among two threads takes no less.
    """

    def call(processor):
        return call_once(program, row, runs, seconds, patience, environment, processor)

    if not program.alone_twice:
        return call(-1 if row.threads == 1 else None)
    with ThreadPoolExecutor(2) as pool:
        samples = list(pool.map(call, (0, -1)))
    return Sample(
        median=sum(sample.median for sample in samples) / 4, minimum=sum(sample.minimum for sample in samples) / 4)


def call_once(program, row, runs, seconds, patience, environment, processor):
    """`processor` is the one to hold it to, by its place among those allowed, or `None`."""

    def hold():
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[processor]})

    try:
        done = subprocess.run(
            program.arguments(row, runs, seconds), env=environment, capture_output=True, text=True, timeout=patience,
            preexec_fn=hold if processor is not None and hasattr(os, "sched_setaffinity") else None)
    except subprocess.TimeoutExpired:
        raise Failure(f"given up after the {patience:g} s of --patience") from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Failure(f"exit code {done.returncode}: {said[-1][:120] if said else 'no message'}")
    try:
        sample = (parse_scheduling if row.kind == "scheduling" else parse_training)(done.stdout)
    except (ValueError, KeyError) as error:
        raise Failure(f"its line cannot be read: {error!r}") from None
    if program.peer == "ours" and sample.peak_mb is not None:
        sample.first_touch_ms = first_touch_ms(sample.peak_mb)
    if program.says and sample.version != program.says:
        raise Failure(f"the program does not know {' '.join(program.options)}: it was to say {program.says}")
    return sample


def defines(source: Path, workload, suffix):
    """Whether a peer's program has a formulation of its own under that suffix."""
    return re.search(rf"^def f_{workload}{suffix}\b", source.read_text(), re.MULTILINE) is not None


def jax_variants(source: Path, workload):
    return ["jit"] + [v for v in ("alt", "alt2") if defines(source, workload, "_" + v)]


def variants(source: Path, workload, modes):
    """Each mode of a peer's program, for each formulation it has of the workload."""
    other = ["_alt"] if defines(source, workload, "_alt") else []
    return [mode + suffix for mode in modes for suffix in ["", *other]]
