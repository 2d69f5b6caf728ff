"""How long programs are: characters without comments, blank lines and imports, each run of blanks being one."""
import io
import tokenize


def count(lines):
    return len("\n".join(lines))


def shortened(lines, *importing):
    """Each line with its runs of blanks as one; without blank lines, and those that begin with a word of importing."""
    lines = [" ".join(line.split()) for line in lines]
    return [line for line in lines if line and line.split()[0] not in importing]


def swift(text):
    """The lines of a Swift program that count. Its comments are of one line, and no // stands within a text."""
    return shortened([line.split("//")[0] for line in text.split("\n")], "import")


def python(text):
    """The lines of a Python program that count. A string that is a statement of its own is a comment."""
    lines = text.split("\n")
    begins = True  # whether a statement begins with the next token
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and begins):
            blank(lines, token.start, token.end)
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            begins = token.type == tokenize.NEWLINE
    return shortened(lines, "import", "from")


def blank(lines, start, end):
    """Writes blanks from one place to another, so that places after it stay where they are."""
    for number in range(start[0] - 1, end[0]):
        line = lines[number]
        first = start[1] if number == start[0] - 1 else 0
        last = end[1] if number == end[0] - 1 else len(line)
        lines[number] = line[:first] + " " * (last - first) + line[last:]
