"""The tables of schedules: each workload as the executor chooses to run it, shared out, and run for the first time."""

from goals import CHOSEN, FIRST, RUNS, SHARED, SPLIT, grouped_goal, scheduling_goal
from markdown import answer, names, number, spread, table, timing
from programs import SCHEDULING
from published import DISPENSO, TASKFLOW
from ratios import Figures, firsts, judge, known, unknown

OURS = {CHOSEN: "ours", SHARED: "ours, shared", FIRST: "ours"}
PEER = "oneTBB"

WHAT_RUNS_ARE = (
    "One task a unit, and three rows a workload. *Chosen* is what a user gets: the executor shares a run out where "
    "that is faster, so that tasks of a few nanoseconds are run by a lone worker, in an order found once. *Shared*: "
    "all workers take part in every run (`sharing: .always`); at one thread there is nobody to share with. *First "
    "run*: the first one of a schedule just built, left to the executor; it is not among the runs of *chosen*, whose "
    "median is that of settled ones.")

HOW_RUNS_ARE_JUDGED = (
    "The ratios are to oneTBB in the same turns: to the median of its runs for *chosen* and *shared*, to its own "
    "first run for *first run*. The goals: *chosen* no worse than the ratio of commit 57a3b4a, to which the spread of "
    "the turns is added, up to a tenth of it; *shared* at two threads at most 0.3; a *first run* at most twice the "
    "settled one of *chosen*. S3a and S6 at two threads have a floor instead: our own bodies, split over two workers; "
    "beside it stands the ratio to the split that g++ makes. Where a goal is not a part of oneTBB's time, it says of "
    "what, with the ratio.")

WHERE_THE_REST_IS_FROM = (
    "The last two columns were not measured here: they are published figures of other machines, in nanoseconds a task "
    "of a settled run, with their ratio to oneTBB on the same machine in brackets. Taskflow: "
    f"{TASKFLOW.machine}. dispenso: {DISPENSO.machine}.")


def figures_of(run, samples, row, program):
    """The figures of a program for a kind of run, `None` without any."""
    taken = samples[row].get(program, [])
    if run == FIRST:
        taken = firsts(taken)
    return Figures.of(program, taken) if taken else None


def verdicts(run, samples, row):
    """Ours against oneTBB, and against what the goal speaks of; `None` without a figure of ours."""
    ours = figures_of(run, samples, row, OURS[run])
    if ours is None:
        return None
    aim = scheduling_goal(row, run)
    tbb = figures_of(run, samples, row, PEER)
    measured = [tbb] if tbb else []
    spoken_of = [known(samples, row)[name] for name in aim.against if name in known(samples, row)] if aim else []
    return judge(ours, measured, aim), judge(ours, spoken_of if aim and aim.against else measured, aim)


def comparison(samples):
    rows = []
    for row in samples:
        for run in RUNS if row.kind == "scheduling" else ():
            if (both := verdicts(run, samples, row)) is None:
                continue
            peer, aim = both
            rows.append([
                row.workload, str(row.threads), run, timing(peer.ours), spread(peer.ours), timing(peer.best),
                spread(peer.best), number(peer.ratio), number(peer.ratio_of_minima),
                wanted(aim, known(samples, row).get("split")), answer(aim.met),
                *("–" if run == FIRST else quoted(other, row) for other in (TASKFLOW, DISPENSO))])
    return table(
        ["workload", "threads", "run", "ours, ns a task (min)", "spread", "oneTBB, ns a task (min)", "spread",
         "ratio of medians", "ratio of minima", "goal", "met", "Taskflow, published", "dispenso, published"], rows)


def wanted(verdict, split):
    """What the goal asks. `split` are the figures of the split that g++ makes."""
    goal = verdict.goal
    if goal is None:
        return "–"
    if not goal.against:
        noise = f" ({goal} and the noise)" if verdict.limit > goal.ratio else ""
        return f"≤ {number(verdict.limit)}{noise}"
    text = f"≤ {goal} of " + ("our bodies" if goal == SPLIT else "the settled run")
    if verdict.best:
        text += f" ({number(verdict.ratio)})"
    if goal == SPLIT and split:
        text += f"; of g++'s {number(verdict.ours.median / split.median)}"
    return text


def quoted(other, row):
    found = other.at(row.workload, row.threads)
    return f"{number(found[0])} ({number(found[1])})" if found else "–"


def brief(samples, figures):
    """A column a workload, a line for each of `figures` at each number of threads: its name, and what it is of a row."""
    rows = [row for row in samples if row.kind == "scheduling"]
    workloads = [name for name in SCHEDULING if any(row.workload == name for row in rows)]
    lines = []
    for threads in sorted({row.threads for row in rows}):
        at = {row.workload: row for row in rows if row.threads == threads}
        for name, figure in figures:
            lines.append([str(threads), name, *(number(figure(at[w]) if w in at else None) for w in workloads)])
    return table(["threads", "figure", *workloads], lines)


def ratios_in_brief(samples):
    def measured(run):
        def ratio(row):
            both = verdicts(run, samples, row)
            return both and both[0].ratio
        return run, ratio

    def published(other):
        def ratio(row):
            found = other.at(row.workload, row.threads)
            return found and found[1]
        return f"{other.name}, published", ratio

    return brief(samples, [*map(measured, RUNS), published(TASKFLOW), published(DISPENSO)])


def nanoseconds_in_brief(samples):
    def measured(name, run, program):
        def median(row):
            found = figures_of(run, samples, row, program)
            return found and found.median
        return name, median

    def published(other):
        def figure(row):
            found = other.at(row.workload, row.threads)
            return found and found[0]
        return f"{other.name}, published", figure

    return brief(samples, [
        *(measured(run, run, OURS[run]) for run in RUNS), measured(PEER, CHOSEN, PEER),
        measured(f"{PEER}, first run", FIRST, PEER), published(TASKFLOW), published(DISPENSO)])


def floors(samples, missing):
    """Chosen runs, and those with the tasks grouped, beside loops that know no scheduling."""
    rows = []
    for row in samples:
        figures = known(samples, row)
        if row.kind != "scheduling" or not figures:
            continue
        medians = [
            number(figures[name].median) if name in figures else "–"
            for name in ("ours, bodies", "split", "replay", "serial", "ours", "ours, grouped")]
        aim, verdict = grouped_goal(row), None
        if "ours, grouped" in figures and aim.against[0] in figures:
            verdict = judge(figures["ours, grouped"], [figures[aim.against[0]]], aim)
        of = "our bodies" if aim == SPLIT else "the order fixed at build"
        rows.append([
            row.workload, str(row.threads), *medians, number(verdict and verdict.ratio), f"≤ {aim} of {of}",
            answer(verdict and verdict.met), names(unknown(samples, row, missing))])
    return table(
        ["workload", "threads", "bodies alone, ours", "bodies alone, g++", "order fixed at build", "serial loop",
         "chosen", "chosen, grouped", "ratio of grouped", "goal", "met", "not run"], rows)


def sections(samples, missing):
    return [
        "## Scheduling", WHAT_RUNS_ARE, HOW_RUNS_ARE_JUDGED, WHERE_THE_REST_IS_FROM, comparison(samples),
        "### In brief",
        "Nanoseconds a task, medians:", nanoseconds_in_brief(samples),
        "Parts of oneTBB's time, each on the machine it was measured on:", ratios_in_brief(samples),
        "### Floors",
        "Nanoseconds a task: the bodies alone, split over the threads without regard to dependencies, ours (each an "
        "indirect call, as in a schedule) and those of g++ (inlined); an order fixed at build, and a topological loop, "
        "both serial, by g++; chosen runs of ours. Groups are made from what a task takes alone, measured beforehand.",
        floors(samples, missing),
    ]
