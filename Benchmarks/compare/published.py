"""Figures that others published or that were taken elsewhere: of other machines, not measured in the run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Nanoseconds a task at one and at two threads, by workload, and oneTBB's on the same machine."""

    name: str
    machine: str
    figures: dict[str, tuple[float, float]]
    tbb: dict[str, tuple[float, float]]

    def at(self, workload, threads):
        """The figure, and its ratio to oneTBB's there; `None` where there is none."""
        if workload not in self.figures or threads not in (1, 2):
            return None
        figure = self.figures[workload][threads - 1]
        return figure, figure / self.tbb[workload][threads - 1]


TASKFLOW = Published(
    "Taskflow", "2 cores of an x86-64 processor with AVX-512, 3.6 GHz",
    figures={
        "S1": (25, 24), "S2": (35, 64), "S3a": (875, 466), "S3b": (168, 118), "S3c": (263, 185), "S3M": (147, 95),
        "S4": (46, 38), "S4r": (34, 38), "S5": (30, 49), "S6": (19_727, 9_936)},
    tbb={
        "S1": (22, 22), "S2": (35, 32), "S3a": (1_053, 526), "S3b": (301, 173), "S3c": (524, 284), "S3M": (207, 130),
        "S4": (94, 57), "S4r": (34, 34), "S5": (363, 206), "S6": (19_742, 9_958)})

DISPENSO = Published(
    "dispenso", "2 cores of an Emerald Rapids with busy neighbours; the best of its three graph executors",
    figures={
        "S1": (32, 42), "S2": (35, 48), "S3b": (117, 92), "S3c": (87, 127), "S4": (28, 30), "S4r": (24, 23),
        "S5": (25, 24), "S6": (30_240, 16_790)},
    tbb={
        "S1": (55, 83), "S2": (100, 133), "S3b": (457, 424), "S3c": (563, 622), "S4": (216, 123), "S4r": (67, 110),
        "S5": (347, 485), "S6": (30_600, 15_590)})
