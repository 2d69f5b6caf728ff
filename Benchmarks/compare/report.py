"""Writes what was measured as Markdown."""

from statistics import median

import schedules
from goals import (
    FIRST_STEP_MS, NEVER_SLOWER, NOISE_ALLOWED, RUNS, SCALAR_BUILD_AND_COMPILE_NS, SCALAR_STEP_NS, WIDTH_TWO,
    WORTH_SHARING, training_goal)
from markdown import answer, names, number, spread, table, timing
from ratios import Figures, judge, known, relative_errors, unknown


def verdicts(row, samples, peers):
    """A training row of ours against the best peer, and against those that the goal speaks of; `None` without ours."""
    figures = known(samples, row)
    if "ours" not in figures:
        return None
    aim = training_goal(row)
    measured = [found for name, found in figures.items() if peers[name] not in ("ours", "floor")]
    spoken_of = [found for found in measured if not aim.against or peers[found.name] in aim.against]
    return judge(figures["ours"], measured, aim), judge(figures["ours"], spoken_of, aim)


def ratios(samples, peers):
    """What the chart shows: for each of its panels [workload, threads, ratio of medians to the best peer]."""
    panels = {}
    for row in samples:
        if row.kind == "training":
            found = {"training": verdicts(row, samples, peers)}
        else:
            found = {f"scheduling, {run}": schedules.verdicts(run, samples, row) for run in RUNS}
        for panel, both in found.items():
            if both and both[0].ratio is not None:
                panels.setdefault(panel, []).append([row.workload, row.threads, both[0].ratio])
    return panels


def training(samples, peers, missing):
    rows = []
    for row in samples:
        if row.kind != "training" or (both := verdicts(row, samples, peers)) is None:
            continue
        peer, aim = both
        wanted = f"≤ {aim.goal}" + (" ms" if aim.goal.absolute is not None else "")
        if aim.goal.absolute is None and aim.best != peer.best:
            wanted += f" of {aim.best.name} ({number(aim.ratio)})" if aim.best else f" of {aim.goal.against[0]}"
        rows.append([
            row.workload, str(row.threads), timing(peer.ours), spread(peer.ours),
            peer.best.name if peer.best else "–", timing(peer.best), spread(peer.best), number(peer.ratio),
            number(peer.ratio_of_minima), wanted, answer(aim.met), names(unknown(samples, row, missing))])
    return table(
        ["workload", "threads", "ours, ms a step (min)", "spread", "best peer", "ms a step (min)", "spread",
         "ratio of medians", "ratio of minima", "goal", "met", "not run"], rows)


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
        floor = known(samples, other).get("ours, bodies" if row.kind == "scheduling" else "ours, twice at once")
        rows.append([
            row.workload, number(ratio), number(two.minimum / one.minimum), spread(max(one, two, key=lambda f: f.spread)),
            number(floor and floor.median / one.median), f"≤ {limit:.3g}",
            answer(ratio <= limit)])
    return table(
        ["workload", "ratio of medians", "ratio of minima", "spread", "of the machine", "goal", "met"], rows)


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


def write(path, command, samples, peers, scalar_lines, references, facts, how, missing, obstacle=None):
    """`obstacle` is why there is no chart, `None` if there is one."""
    sections = [
        "# Comparison with the peers",
        f"Written by `{command}`; do not edit.",
        how,
        table(["machine", ""], [[name, value] for name, value in facts]),
        "![Ratios to the best peer](comparison.svg)" if obstacle is None else f"There is no chart: {obstacle}.",
    ]
    kinds = {row.kind for row in samples}
    if "scheduling" in kinds:
        sections += schedules.sections(samples, missing)
    if "training" in kinds:
        sections += training_sections(samples, peers, references, missing)
    if kinds:
        sections += [
            "## Two threads against one",
            "Schedules in chosen runs. Of the machine: what two threads could gain at best in the same run. Of a "
            "schedule, the bodies alone, split over two threads; of a training step, two copies of the program at once, "
            "each with one thread on a processor of its own, half of whose step counts. What they lose to the memory and "
            "caches that they share, no order of the steps brings back.",
            two_against_one(samples),
        ]
    if scalar_lines:
        sections += ["## Scalar graphs", "At width 1; backward is a step without its forward part.", scalars(scalar_lines)]
    sections.append("## Not run")
    sections.append("\n".join(f"- {line}" for line in missing.lines()) or "Nothing was left out.")
    path.write_text("\n\n".join(sections) + "\n")


def training_sections(samples, peers, references, missing):
    return [
        "## Training steps", training(samples, peers, missing),
        "### First step, memory, agreement",
        "The first step is timed from the built graph: compiling, making the session, feeding it, one step. Beside "
        "the peak stands how long the system took right afterwards to hand out as much memory to a program that only "
        "writes it.",
        steps(samples, references),
    ]
