"""What the samples of several turns say: medians, minima, spread, and ratios of ours to the best peer's."""

from dataclasses import dataclass
from statistics import median

from goals import Goal
from programs import Sample


@dataclass(frozen=True)
class Figures:
    """The samples of one program for one row."""

    name: str
    median: float  # of the turns' medians
    minimum: float  # of all turns
    lowest: float  # of the turns' medians
    highest: float
    turns: int

    @staticmethod
    def of(name, samples):
        medians = [sample.median for sample in samples]
        return Figures(
            name, median(medians), min(sample.minimum for sample in samples), min(medians), max(medians), len(samples))

    @property
    def spread(self):
        """How far apart the turns' medians lie, as a part of their median."""
        return (self.highest - self.lowest) / self.median


def known(samples, row):
    """The figures of each program that was measured for the row."""
    return {name: Figures.of(name, taken) for name, taken in samples[row].items() if taken}


def unknown(samples, row, missing):
    """The names of those that were left out of the row or gave no figure."""
    return [name for name in missing.of(row) if not samples[row].get(name)]


def firsts(samples):
    """The first runs as samples of their own: one a turn."""
    return [Sample(sample.first_run, sample.first_run) for sample in samples if sample.first_run is not None]


@dataclass(frozen=True)
class Verdict:
    """Ours beside the best peer's, against a goal."""

    ours: Figures
    best: Figures | None
    best_minimum: Figures | None
    goal: Goal | None

    @property
    def ratio(self):
        return self.ours.median / self.best.median if self.best else None

    @property
    def ratio_of_minima(self):
        return self.ours.minimum / self.best_minimum.minimum if self.best_minimum else None

    @property
    def limit(self):
        """The ratio that is asked for, and what noise is allowed on top."""
        noise = max(figures.spread for figures in (self.ours, self.best) if figures)
        return self.goal.ratio * (1 + min(noise, self.goal.noise))

    @property
    def met(self):
        """`None` where nothing was asked, or there was nothing to compare with."""
        if self.goal is None:
            return None
        if self.goal.absolute is not None:
            return self.ours.median <= self.goal.absolute
        return None if self.ratio is None else self.ratio <= self.limit


def judge(ours, references, goal):
    """`references` are the figures of the programs that the goal speaks of; the best one of them counts."""
    best = min(references, key=lambda figures: figures.median, default=None)
    best_minimum = min(references, key=lambda figures: figures.minimum, default=None)
    return Verdict(ours, best, best_minimum, goal)


TOO_SLOW = 1.5  # times the best variant of a peer


def still_in_the_race(samples, peers, margin=TOO_SLOW):
    """After the first turn: the programs that may yet be the best variant of their peer.

    `samples` maps a program's name to its samples, `peers` a name to its peer.
    """
    fastest = {}
    for name, taken in samples.items():
        if taken:
            peer = peers[name]
            fastest[peer] = min(fastest.get(peer, float("inf")), taken[0].median)
    return {name for name, taken in samples.items() if taken and taken[0].median <= margin * fastest[peers[name]]}


def relative_errors(check, reference):
    """How far a training program's `check` is from the float64 reference."""
    return {key: abs(check[key] / reference[key] - 1) for key in ("loss", "grad_sumsq")}
