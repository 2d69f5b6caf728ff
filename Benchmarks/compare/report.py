"""Writes what was measured as Markdown."""

from goals import (
    FIRST_STEP_MS, NEVER_SLOWER, NOISE_ALLOWED, SCALAR_BUILD_AND_COMPILE_NS, SCALAR_STEP_NS, SPLIT, WIDTH_TWO,
    WORTH_SHARING, goal, grouped_goal)
from ratios import Figures, judge, relative_errors
from statistics import median
from turns import published


def number(value):
    """Three digits, or the whole part where it has more."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def spread(figures):
    return f"{figures.spread:.0%}" if figures and figures.turns > 1 else "–"


def answer(met):
    return {True: "yes", False: "**no**", None: "–"}[met]


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(cells) + " |" for cells in rows])


def figures(samples, row):
    return {name: Figures.of(name, taken) for name, taken in samples[row].items() if taken}


def verdicts(row, samples, peers):
    """Ours against the best peer measured, and against what the goal speaks of; `None` without a figure of ours."""
    known = figures(samples, row)
    if "ours" not in known:
        return None
    aim = goal(row)
    measured = [found for name, found in known.items() if peers[name] not in ("ours", "floor")]
    if aim.against:
        spoken_of = [found for name, found in known.items() if name in aim.against or peers[name] in aim.against]
    elif (value := published(row)) is not None:
        spoken_of = [*measured, Figures("Taskflow (published)", value, value, value, value, 0)]
    else:
        spoken_of = measured
    return judge(known["ours"], measured, aim), judge(known["ours"], spoken_of, aim)


def comparison(kind, samples, peers):
    rows = []
    for row in samples:
        if row.kind != kind or (both := verdicts(row, samples, peers)) is None:
            continue
        peer, aim = both
        wanted = f"≤ {aim.goal}" + (" ms" if aim.goal.absolute is not None else "")
        if aim.goal.absolute is None and aim.best != peer.best:
            wanted += f" of {aim.best.name} ({number(aim.ratio)})" if aim.best else f" of {aim.goal.against[0]}"
        if aim.goal == SPLIT and (split := figures(samples, row).get("split")):
            wanted += f"; of g++'s {number(aim.ours.median / split.median)}"
        best = peer.best
        rows.append([
            row.workload, str(row.threads), f"{number(peer.ours.median)} ({number(peer.ours.minimum)})",
            spread(peer.ours), best.name if best else "–",
            f"{number(best.median)} ({number(best.minimum)})" if best else "–",
            spread(best), number(peer.ratio), number(peer.ratio_of_minima),
            wanted, answer(aim.met)])
    unit = "ns a task" if kind == "scheduling" else "ms a step"
    return table(
        ["workload", "threads", f"ours, {unit} (min)", "spread", "best peer", f"{unit} (min)", "spread",
         "ratio of medians", "ratio of minima", "goal", "met"], rows)


def two_against_one(samples):
    rows = []
    for row in samples:
        other = next((r for r in samples if r.workload == row.workload and r.threads == 2), None)
        if row.threads != 1 or other is None or not (samples[row]["ours"] and samples[other]["ours"]):
            continue
        one, two = Figures.of("", samples[row]["ours"]), Figures.of("", samples[other]["ours"])
        long = row.kind == "training" and one.median > 1 or row.workload in WORTH_SHARING
        noise = max(one.spread, two.spread)
        limit = WIDTH_TWO if long else NEVER_SLOWER + min(noise, NOISE_ALLOWED)
        ratio = two.median / one.median
        floor = figures(samples, other).get("ours, bodies" if row.kind == "scheduling" else "ours, twice at once")
        rows.append([
            row.workload, number(ratio), number(two.minimum / one.minimum), spread(max(one, two, key=lambda f: f.spread)),
            number(floor and floor.median / one.median), f"≤ {limit:.3g}",
            answer(ratio <= limit)])
    return table(
        ["workload", "ratio of medians", "ratio of minima", "spread", "of the machine", "goal", "met"], rows)


def floors(samples):
    """Ours with the tasks grouped beside loops that know no scheduling."""
    rows = []
    for row in samples:
        known = figures(samples, row)
        if row.kind != "scheduling" or not known:
            continue
        medians = [
            number(known[name].median) if name in known else "–"
            for name in ("ours, bodies", "split", "replay", "serial", "ours", "ours, grouped")]
        aim, verdict = grouped_goal(row), None
        if "ours, grouped" in known and aim.against[0] in known:
            verdict = judge(known["ours, grouped"], [known[aim.against[0]]], aim)
        wanted = f"≤ {aim} of " + ("our bodies" if aim == SPLIT else "the order fixed at build")
        rows.append([
            row.workload, str(row.threads), *medians, number(verdict and verdict.ratio), wanted,
            answer(verdict and verdict.met)])
    return table(
        ["workload", "threads", "bodies alone, ours", "bodies alone, g++", "order fixed at build", "serial loop", "ours",
         "ours, grouped", "ratio of grouped", "goal", "met"], rows)


def steps(samples, references):
    rows = []
    for row in samples:
        ours = samples[row]["ours"]
        if row.kind != "training" or not ours:
            continue
        slowest = max(ours, key=lambda sample: sample.first_step_ms)
        first = slowest.first_step_ms
        memory = {name.split()[0].strip(","): taken[0].peak_mb for name, taken in samples[row].items()
                  if taken and taken[0].peak_mb is not None}
        others = ", ".join(f"{name} {number(value)}" for name, value in memory.items() if name != "ours") or "–"
        errors = relative_errors(ours[-1].check, references[row.workload]) if row.workload in references else {}
        worst = max(errors.values(), default=None)
        rows.append([
            row.workload, str(row.threads), number(first), answer(first <= FIRST_STEP_MS), number(memory["ours"]),
            number(slowest.first_touch_ms), others,
            "–" if worst is None else f"{worst:.1e}", answer(None if worst is None else worst <= 1e-5)])
    return table(
        ["workload", "threads", "first step, ms", f"≤ {FIRST_STEP_MS}", "peak of the process, MB",
         "touching as much, ms", "theirs, MB",
         "error against float64", "≤ 1e-5"], rows)


def scalars(lines):
    rows = []
    for kind, taken in lines.items():
        def middle(*names):
            return median(sum(line[name] for name in names) for line in taken)

        making, step = middle("build_ns", "compile_ns"), middle("step_median_ns")
        rows.append([
            kind, f"{taken[0]['gates']:,}", number(making), answer(making <= SCALAR_BUILD_AND_COMPILE_NS),
            number(middle("forward_median_ns")), number(middle("backward_median_ns")), number(step),
            answer(step <= SCALAR_STEP_NS), number(middle("session_bytes"))])
    return table(
        ["graph", "gates", "build and compile, ns a gate", f"≤ {SCALAR_BUILD_AND_COMPILE_NS}", "forward, ns a gate",
         "backward", "step: both", f"≤ {SCALAR_STEP_NS}", "bytes a gate in the session"], rows)


def write(path, command, samples, peers, scalar_lines, references, facts, how, missing):
    sections = [
        "# Comparison with the peers",
        f"Written by `{command}`; do not edit.",
        how,
        table(["machine", ""], [[name, value] for name, value in facts]),
        "![Ratios to the best peer](comparison.svg)",
        "## Scheduling",
        "One task a unit. The goal is a part of oneTBB's time in the same run or of Taskflow's as published, whichever is "
        "less; where it is not a part of the best peer's, it says of what, with the ratio. Large tasks at two threads have "
        "a floor instead: our own bodies, split over two workers; beside it stands the ratio to the split that g++ makes.",
        comparison("scheduling", samples, peers),
    ]
    sections += [
        "### Floors",
        "Nanoseconds a task: the bodies alone, split over the threads without regard to dependencies, ours (each an "
        "indirect call, as in a schedule) and those of g++ (inlined); an order fixed at build, and a topological loop, both "
        "serial, by g++. Groups are made from what a task takes alone, measured beforehand.",
        floors(samples),
    ]
    sections += [
        "## Training steps", comparison("training", samples, peers),
        "### First step, memory, agreement",
        "The first step is timed from the built graph: compiling, making the session, feeding it, one step. Beside the peak "
        "stands how long the system took right afterwards to hand out as much memory to a program that only writes it.",
        steps(samples, references),
        "## Two threads against one",
        "Of the machine: what two threads could gain at best in the same run. Of a schedule, the bodies alone, split over "
        "two threads; of a training step, two copies of the program at once, each with one thread on a processor of its "
        "own, half of whose step counts. What they lose to the memory and caches that they share, no order of the steps "
        "brings back.",
        two_against_one(samples),
    ]
    if scalar_lines:
        sections += ["## Scalar graphs", "At width 1; backward is a step without its forward part.", scalars(scalar_lines)]
    sections.append("## Not run")
    sections.append("\n".join(f"- {line}" for line in missing.lines()) or "Nothing was left out.")
    path.write_text("\n\n".join(sections) + "\n")
