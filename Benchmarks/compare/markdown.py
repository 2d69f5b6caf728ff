"""How figures read in Markdown."""


def number(value):
    """Three digits, or the whole part where it has more."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def timing(figures):
    """The median, and the minimum in brackets."""
    return f"{number(figures.median)} ({number(figures.minimum)})" if figures else "–"


def spread(figures):
    return f"{figures.spread:.0%}" if figures and figures.turns > 1 else "–"


def answer(met):
    return {True: "yes", False: "**no**", None: "–"}[met]


def names(several):
    return ", ".join(several) or "–"


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(cells) + " |" for cells in rows])
