"""Takes the measurements: for each row ours and theirs one after the other, turn after turn."""

import json
import subprocess

from missing import Missing
from programs import Failure, measure
from ratios import TOO_SLOW, still_in_the_race


class Turns:
    """Samples by row and program, gathered turn by turn."""

    def __init__(self, contenders, runs, seconds, patience, environment, missing: Missing):
        self.contenders = contenders  # row -> programs, ours first
        self.runs, self.seconds, self.patience, self.environment = runs, seconds, patience, environment
        self.missing = missing
        self.given_up = {}  # (program's name, workload) -> why
        self.samples = {row: {program.name: [] for program in programs} for row, programs in contenders.items()}

    def take(self, turn, count):
        """Takes turn number `turn`, from 0, of `count`."""
        for row, programs in self.contenders.items():
            # Ours first in one turn and last in the next, so that a drift of the machine favours nobody.
            for program in programs if turn % 2 == 0 else reversed(programs):
                self.call(program, row)
            if turn == 0 and turn < count - 1:
                self.drop_the_slow(row)

    def call(self, program, row):
        try:
            # What takes too long to compile at one number of threads does so at any.
            if (why := self.given_up.get((program.name, row.workload))) is not None:
                raise Failure(why)
            sample = measure(program, row, self.runs, self.seconds, self.patience, self.environment)
        except Failure as failure:
            self.given_up[program.name, row.workload] = str(failure)
            self.missing.add(program.name, str(failure), row)
            self.contenders[row] = [other for other in self.contenders[row] if other != program]
            return
        self.samples[row][program.name].append(sample)
        print(f"{row.workload} {row.threads} {program.name}: {sample.median:g} (min {sample.minimum:g})", flush=True)

    def drop_the_slow(self, row):
        """Variants of a peer that are far behind its best one are not asked again."""
        peers = {program.name: program.peer for program in self.contenders[row]}
        kept = still_in_the_race({name: self.samples[row][name] for name in peers}, peers)
        kept |= {name for name, peer in peers.items() if peer in ("ours", "floor")}
        for name in peers.keys() - kept:
            self.missing.add(
                name, f"asked in the first turn only, {TOO_SLOW:g} times slower than its peer's best variant or more",
                row)
        self.contenders[row] = [program for program in self.contenders[row] if program.name in kept]

    def note_interruption(self, turn, count):
        """Names who has no figure, when turn number `turn`, from 0, of `count` was interrupted."""
        for row, programs in self.contenders.items():
            for program in programs:
                if not self.samples[row][program.name]:
                    self.missing.add(program.name, "interrupted before it was asked", row)
        if turn > 0:
            self.missing.add("the other turns", f"interrupted in turn {turn + 1} of {count}")


def measure_scalars(program, turns, gates, environment, missing: Missing):
    """The lines of the scalar benchmark at `gates` gates, by kind of graph."""
    lines = {}
    for _ in range(turns):
        for kind in ("chain", "random"):
            done = subprocess.run(
                [program, str(gates), "--kind", kind, "--runs", "9"], env=environment, capture_output=True, text=True)
            if done.returncode != 0:
                missing.add("scalars", f"exit code {done.returncode}", kind)
                continue
            lines.setdefault(kind, []).append(json.loads(done.stdout.strip().splitlines()[-1]))
            print(f"scalars {kind}: {lines[kind][-1]['step_median_ns']:.2f} ns a gate", flush=True)
    return lines
