"""What is not in the table: what could not be run or was not asked, why, and for which rows."""


class Missing:
    """Gathered while measuring, and written under *Not run*; the tables name it in their rows."""

    def __init__(self):
        self.rows = {}  # (what, why) -> rows; empty where it is not a matter of rows

    def add(self, what, why, row=None):
        """`row` is a `Row` of the table, or a word."""
        if (what, why) not in self.rows:
            print(f"without {what}{f' for {row}' if row else ''}: {why}", flush=True)
        rows = self.rows.setdefault((what, why), [])
        if row is not None and row not in rows:
            rows.append(row)

    def of(self, row):
        """The names of what is not in the table for `row`, each once."""
        return list(dict.fromkeys(what for (what, _), rows in self.rows.items() if row in rows))

    def lines(self):
        return [f"{what}: {why}" + (f" ({brief(rows)})" if rows else "") for (what, why), rows in self.rows.items()]


def brief(rows):
    """`mlp at 1 and 2, lstm at 1` of the three rows."""
    threads = {}
    for row in rows:
        word, _, number = str(row).partition(" at ")
        threads.setdefault(word, []).append(number)
    return ", ".join(
        word + (f" at {' and '.join(numbers)}" if any(numbers) else "") for word, numbers in threads.items())
