"""Draws the ratios to the best peer as bars: `python chart.py ratios.json comparison.svg`, with matplotlib."""

import json
import sys

import matplotlib
import matplotlib.ticker

matplotlib.use("svg")
import matplotlib.pyplot as plot  # noqa: E402

matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "comparison", "font.family": "sans-serif", "font.size": 9})
COLOURS = {1: "#8aa6c1", 2: "#1f4e79"}


def draw(ratios, path):
    """`ratios` maps the name of a panel to a list of [workload, threads, ratio]; there are two panels a line."""
    kinds = [kind for kind in ratios if ratios[kind]]
    names = {kind: list(dict.fromkeys(workload for workload, _, _ in ratios[kind])) for kind in kinds}
    columns = min(len(kinds), 2)
    lines = -(-len(kinds) // columns)
    figure, panels = plot.subplots(
        lines, columns, figsize=(5 * columns, lines * (1.2 + 0.38 * max(map(len, names.values())))), squeeze=False)
    for panel in panels.flat[len(kinds):]:
        panel.remove()
    for panel, kind in zip(panels.flat, kinds):
        threads_seen = sorted({threads for _, threads, _ in ratios[kind]})
        thickness = 0.8 / len(threads_seen)
        for workload, threads, ratio in ratios[kind]:
            place = names[kind].index(workload) + (threads_seen.index(threads) + 0.5) * thickness - 0.4
            panel.barh(place, ratio, thickness * 0.95, color=COLOURS.get(threads, "#555555"))
            panel.annotate(f"{ratio:.2g}", (ratio, place), (2, 0), textcoords="offset points", va="center", fontsize=7)
        for threads in threads_seen:
            panel.barh(0, 0, color=COLOURS.get(threads, "#555555"), label=f"{threads} thread{'s' * (threads > 1)}")
        panel.set_yticks(range(len(names[kind])), names[kind])
        panel.invert_yaxis()
        panel.set_xscale("log")
        low, high = panel.get_xlim()
        panel.set_xlim(low, max(high * 1.4, 2))
        panel.axvline(1, color="#aa3333", linewidth=1)
        panel.set_title(f"{kind}: time relative to {'the best peer' if kind == 'training' else 'oneTBB'}")
        panel.set_xlabel("ratio of medians (log scale), less is better")
        panel.spines[["top", "right"]].set_visible(False)
        panel.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="lower center", ncols=len(labels))
    figure.tight_layout(rect=(0, 0.05 / lines, 1, 1))
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        draw(json.load(file), sys.argv[2])
