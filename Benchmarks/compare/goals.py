"""The goals, one a row."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """At most `ratio` times the best of the programs in `against`; or at most `absolute` units of the row."""

    ratio: float = 1.0
    against: tuple[str, ...] = ()  # peers; empty for all of them
    absolute: float | None = None

    def __str__(self):
        return f"{self.absolute:g}" if self.absolute is not None else f"{self.ratio:g}"


# Taskflow (83f90a27), nanoseconds a task at 1 and 2 threads on a machine of this kind: the better of this and of
# oneTBB's figure in the same run is the peer of a scheduling row.
TASKFLOW = {
    "S1": (25, 24), "S2": (35, 64), "S3b": (168, 118), "S3c": (263, 185), "S3M": (147, 95), "S4": (46, 38),
    "S4r": (34, 38), "S5": (30, 49), "S3a": (875, 466), "S6": (19_727, 9_936),
}

# Within 3 % of the bodies split over two threads, dependencies ignored: of our own bodies, since what another compiler
# makes of them differs (g++ takes a sine and a cosine in one call).
WORTH_SHARING = {"S3a", "S6"}
SPLIT = Goal(1.03, against=("ours, bodies",))

AT_TWO_THREADS = {
    "mlp": Goal(0.8), "tiny_mlp": Goal(0.2), "wide_dag": Goal(0.85), "attention": Goal(0.85),
    "lstm": Goal(0.85, against=("torch",)), "small_cnn": Goal(0.87), "alexnet": Goal(0.9),
}


def goal(row):
    if row.workload == "scalar_chain":
        return Goal(absolute=0.05)  # milliseconds: 5 ns a gate
    if row.kind == "training":
        return AT_TWO_THREADS.get(row.workload, Goal()) if row.threads == 2 else Goal()
    if row.threads == 1:
        return Goal()
    return SPLIT if row.workload in WORTH_SHARING else Goal(0.2)


def grouped_goal(row):
    """Where tasks may be grouped: within twice an order fixed at build."""
    return SPLIT if row.workload in WORTH_SHARING and row.threads == 2 else Goal(2.0, against=("replay",))


WIDTH_TWO = 1 / 1.8  # of width 1, where a step takes more than a millisecond
NEVER_SLOWER = 1.0  # beyond the spread of the turns,
NOISE_ALLOWED = 0.1  # as long as that is at most this
FIRST_STEP_MS = 50
SCALAR_STEP_NS = 5
SCALAR_BUILD_AND_COMPILE_NS = 400
