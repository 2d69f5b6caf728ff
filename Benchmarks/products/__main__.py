"""python3 Benchmarks/products: matrix products of this package beside libraries, shape by shape, on one thread.

    --watch   instead: fails where a product reaches less than 70 % of the processor's multiply-adds, or where the
              compiler lets sums leave their registers within an inner loop, or cuts vectors of 64 bytes in two
    --panels  instead: products of a matrix that is packed beforehand beside those of one where it lies
    --python  a Python environment with mkl and onednn, instead of one that is made in .build
    --quick   fewer shapes

OpenBLAS is measured as it is installed, and told which kernels to take; MKL and oneDNN come from PyPI.
"""

import argparse
import ctypes.util
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent.parent
KERNELS = PACKAGE / "Sources" / "CKernels"
WORK = PACKAGE / "Benchmarks" / ".build" / "products"
sys.path.insert(0, str(PACKAGE / "Benchmarks" / "compare"))

from markdown import table  # noqa: E402

# How Swift Package Manager compiles C in release.
FLAGS = ["-O2", "-fPIC", "-fno-omit-frame-pointer",
         *(f"-I{KERNELS / part}" for part in ("", "include", "Elementwise", "Products", "Reductions")),
         f"-I{PACKAGE / 'Sources' / 'COperations' / 'include'}"]

# Which group a shape belongs to, its name, and whether A and B are transposed, m, n, k.
SHAPES = [
    *(("squares", f"{size}³", 0, 0, size, size, size) for size in (64, 96, 128, 192, 256, 384, 512)),
    ("mlp", "forward", 0, 0, 128, 512, 784), ("mlp", "forward", 0, 0, 128, 512, 512),
    ("mlp", "gradient of weights", 1, 0, 784, 512, 128), ("mlp", "gradient of weights", 1, 0, 512, 512, 128),
    ("mlp", "gradient of inputs", 0, 1, 128, 784, 512), ("mlp", "gradient of inputs", 0, 1, 128, 512, 512),
    ("ten columns", "forward", 0, 0, 128, 10, 512), ("ten columns", "gradient of weights", 1, 0, 512, 10, 128),
    ("ten columns", "gradient of inputs", 0, 1, 128, 512, 10),
    ("lstm", "step", 0, 0, 16, 512, 128), ("lstm", "step back", 0, 1, 16, 128, 512),
    ("lstm", "gradient of weights", 1, 0, 128, 512, 1600),
    ("attention", "A · Bᵀ", 0, 1, 64, 64, 32), ("attention", "A · B", 0, 0, 64, 32, 64),
    ("attention", "Aᵀ · B", 1, 0, 64, 32, 64), ("attention", "projection", 0, 0, 512, 512, 128),
    ("few rows", "4 rows", 0, 0, 4, 512, 512), ("few rows", "4 rows, A · Bᵀ", 0, 1, 4, 512, 512),
    ("few rows", "8 rows", 0, 0, 8, 1024, 1024),
    ("vectors", "row · B", 0, 0, 1, 512, 512), ("vectors", "row · B", 0, 0, 1, 2048, 2048),
    ("vectors", "Aᵀ · column", 1, 0, 512, 1, 512),
    ("vectors along k", "row · Bᵀ", 0, 1, 1, 512, 512), ("vectors along k", "row · Bᵀ", 0, 1, 1, 2048, 2048),
    ("vectors along k", "A · column", 0, 0, 512, 1, 512),
    ("small", "16³", 0, 0, 16, 16, 16), ("small", "32³", 0, 0, 32, 32, 32), ("small", "48³", 0, 0, 48, 48, 48),
]


# Those whose B is packed once for many products, or is not worth it.
PANEL_SHAPES = [
    *(("few rows", "Bᵀ", 0, 1, rows, 512, 512) for rows in (1, 4)), ("few rows", "Bᵀ", 0, 1, 16, 128, 512),
    ("many rows", "Bᵀ", 0, 1, 128, 784, 512), ("short", "Bᵀ", 0, 1, 128, 512, 10), ("far", "Bᵀ", 0, 1, 8, 1024, 1024),
    ("far", "Bᵀ", 0, 1, 1, 1024, 1024), ("few rows", "B", 0, 0, 16, 512, 128),
    *(("far", "B", 0, 0, rows, 1024, 1024) for rows in (8, 128)),
]


# How often the shapes are measured, one after the other.
ROUNDS = 7


def compiler():
    """The C compiler of the Swift toolchain, which is the one that the package is built with."""
    swift = shutil.which("swift")
    beside = Path(swift).resolve().parent / "clang" if swift else None
    return str(beside) if beside and beside.exists() else "clang"


def sources():
    return [*sorted((KERNELS / "Products").glob("*.c")), KERNELS / "scratch.c", KERNELS / "vector_level.c"]


def build():
    WORK.mkdir(parents=True, exist_ok=True)
    program = WORK / "products"
    libraries = ["-ldl", "-lm"] if sys.platform == "linux" else []
    subprocess.run(
        [compiler(), *FLAGS, Path(__file__).parent / "products.c", *sources(), "-o", program,
         *libraries], check=True)
    return program


# MARK: what a compiler may spoil

# A vector that goes to the stack or comes from there.
MOVE = re.compile(r"\s*vmov[au]p[sd]\s.*\(%r[sb]p\)|\s*(ldr|str|ldp|stp)\s+q.*\[sp")
# A loop that turns a matrix has more vectors on their way to the sums than registers, and may lay some down.
TURN = re.compile(r"\s*(vunpck|zip|trn|uzp)")
LABEL = re.compile(r"^(\.L\w+|L\w+):")
JUMP = re.compile(r"\s*(j\w+|b\.\w+|cbn?z\s+\w+,|tbn?z\s+.*,)\s+(\.?L\w+)")


def inner_loops(lines):
    """The loops of an assembly text that hold no other: from a label to a jump back to it."""
    places = {}
    for number, line in enumerate(lines):
        if found := LABEL.match(line):
            places[found[1]] = number
        elif found := JUMP.match(line):
            start = places.get(found[2])
            if start is not None and not any(start < place <= number for place in places.values()):
                yield lines[start:number + 1]


def spills(assembly):
    """The inner loops in which products are summed up of what is read, and those that go to the stack for a vector."""
    summing = [loop for loop in inner_loops(assembly.splitlines())
               if sum("fmadd" in line or "fmla" in line for line in loop) >= 4
               and not any(TURN.match(line) for line in loop)]
    return len(summing), [loop for loop in summing if any(MOVE.match(line) for line in loop)]


def watch_registers():
    wanted = ["product_avx512.c", "product_avx2.c"] if os.uname().machine == "x86_64" else ["product_neon.c"]
    for source in wanted:
        text = subprocess.run(
            [compiler(), *FLAGS, "-S", KERNELS / "Products" / source, "-o", "-"], check=True, capture_output=True,
            text=True).stdout
        count, spilt = spills(text)
        print(f"{source}: {count} inner loops of products, {len(spilt)} with sums that leave their registers")
        if count < 8:
            sys.exit(f"{source}: too few inner loops were found to say anything")
        if spilt:
            sys.exit("the first of them:\n" + "\n".join(spilt[0]))


# The kernels of the third generation of x86-64, by their names, and a vector of its 64 bytes or of the 32 before it.
WIDEST = re.compile(r"^(\w+_512):")
WHOLE, HALF = re.compile(r"%zmm\d"), re.compile(r"%ymm\d")


def cut_kernels(assembly):
    """How many kernels of the third generation work on vectors, and the names of those that have none of 64 bytes."""
    kernels, inside = {}, None
    for line in assembly.splitlines():
        if found := WIDEST.match(line):
            inside = kernels.setdefault(found[1], set())
        elif line.startswith(".Lfunc_end"):
            inside = None
        elif inside is not None:
            inside |= {width for width in (WHOLE, HALF) if width.search(line)}
    vectors = {name: widths for name, widths in kernels.items() if widths}
    return len(vectors), sorted(name for name, widths in vectors.items() if WHOLE not in widths)


def watch_vectors():
    if os.uname().machine != "x86_64":
        return
    for source in ("Elementwise/elementwise.c", "Elementwise/scalars.c", "Reductions/reduction.c"):
        text = subprocess.run(
            [compiler(), *FLAGS, "-S", KERNELS / source, "-o", "-"], check=True, capture_output=True, text=True).stdout
        count, cut = cut_kernels(text)
        print(f"{source}: {count} kernels of vectors of 64 bytes, {len(cut)} of them cut in two")
        if count < 2:
            sys.exit(f"{source}: too few kernels were found to say anything")
        if cut:
            sys.exit("the compiler cut their vectors in two: " + ", ".join(cut))


# MARK: the table

def processor_flags():
    try:
        return set(re.search(r"^flags\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)[1].split())
    except (OSError, TypeError):
        return set()


def told():
    """The kernels of OpenBLAS for what the processor can do, whatever its model."""
    flags = processor_flags()
    return "SkylakeX" if {"avx512f", "avx512vl"} <= flags else "Haswell" if "avx2" in flags else None


def python_with_libraries(given):
    environment = Path(given or WORK / "venv")
    if not given and not (environment / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        for package in ("mkl", "onednn", "onednn-cpu-gomp"):
            done = subprocess.run([environment / "bin" / "pip", "install", "--quiet", package], capture_output=True)
            print(f"{package}: {'there' if done.returncode == 0 else 'cannot be had'}", flush=True)
        (environment / "done").touch()
    return environment


def libraries(environment):
    """The libraries by the name in the table, each with the arguments of the program."""
    found = {}
    for name, pattern, symbol in [("oneDNN", "libdnnl.so*", "dnnl_sgemm"), ("MKL", "libmkl_rt.*", "cblas_sgemm")]:
        paths = sorted(environment.glob(f"lib/{pattern}")) + sorted(environment.glob(f"lib/**/{pattern}"))
        if paths:
            found[name] = f"{name}={paths[0]}={symbol}"
    return found


def run(program, command, arguments, lines="", core=None, level=None):
    """The lines of numbers that the program prints."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    environment |= {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
    if core:
        environment["OPENBLAS_CORETYPE"] = core
    if level:
        environment["ADJOINT_VECTOR"] = level
    done = subprocess.run([program, command, *arguments], input=lines, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr.strip(), file=sys.stderr)
        return None
    return [[float(word) for word in line.split()] for line in done.stdout.splitlines()]


def measure(program, arguments, shapes, core=None):
    """GFLOP/s by shape, ours first, of that one of several rounds over all shapes in which both were fastest: a neighbour
    that is busy is so for longer than the samples of a shape."""
    lines = "".join(" ".join(map(str, shape[2:])) + "\n" for shape in shapes)
    found = run(program, "table", arguments, lines * ROUNDS, core)
    if not found:
        return None
    rounds = [found[number::len(shapes)] for number in range(len(shapes))]
    return [max(speeds, key=math.prod) for speeds in rounds]


def show_rows(program, named):
    """Prints how many elements of a product's first rows are others if it has only these rows. `named` are the
    libraries by their names, each with the arguments of the program and the kernels that it is told."""
    ours, rows = None, []
    for name, (arguments, core) in named.items():
        found = run(program, "rows", arguments, core=core)
        if found is None:
            continue
        if not ours:
            ours = [found[0], found[2]]
            rows.append(["ours", *both(ours)])
        rows.append([name, *both([found[1], found[3]])])
    print("\nPercent of the elements of the first m rows that differ from those of a product of 128 rows, for m = 1, 2, "
          "3, 8, 17 and 64\n")
    print(table(["", "128 × 784 × 512", "128 × 512 × 10"], rows))


def both(shapes):
    def shown(share):
        return "0" if share == 0 else "< 1" if share < 1 else f"{share:.0f}"

    return [", ".join(map(shown, shares)) for shares in shapes]


def show_panels(program):
    """Prints what products of panels are worth, and the nanoseconds that packing takes and a product of panels saves, an
    element of the matrix."""
    lines = "".join(" ".join(map(str, shape[2:])) + "\n" for shape in PANEL_SHAPES)
    rows = []
    for shape, (lying, packed, each, packing) in zip(PANEL_SHAPES, run(program, "panels", [], lines) or []):
        m, n, k = shape[4:]
        saved = 2 * m * (1 / lying - 1 / packed)
        rows.append([f"{m} × {k} × {n}, {shape[1]}", f"{lying:.0f}", f"{packed:.0f}", f"{each:.0f}", f"{packing:.3f}",
                     f"{saved:.3f}"])
    print(table(["m × k × n", "where it lies", "of panels", "packed each time", "packing", "saved"], rows))


def show_shares(program):
    """Prints what share of the multiply-adds in registers products reach, by each kind of vectors there is."""
    levels = {"the widest vectors": None}
    if told() == "SkylakeX":
        levels = {"vectors of 512 bits": None, "vectors of 256 bits": "avx2"}
    shapes = [shape for shape in SHAPES if shape[0] in ("squares", "mlp", "attention")]
    lines = "".join(" ".join(map(str, shape[2:])) + "\n" for shape in shapes) * ROUNDS
    columns = {}
    for name, level in levels.items():
        if found := run(program, "shares", [], lines, level=level):
            peak = max(peak for _, peak in found)
            rounds = [found[number::len(shapes)] for number in range(len(shapes))]
            columns[name] = [max(speed for speed, _ in turns) / peak for turns in rounds]
    if not columns:
        return
    print("\nShare of the multiply-adds that the processor does in registers, each at the best of "
          f"{40 * ROUNDS} samples\n")
    rows = []
    for number, (group, name, _, _, m, n, k) in enumerate(shapes):
        shares = [f"{column[number]:.2f}" for column in columns.values()]
        rows.append([f"{group}: {name}", f"{m} × {k} × {n}", *shares])
    print(table(["product", "m × k × n", *columns], rows))
    print()
    for name, shares in columns.items():
        print(f"{name}: least {min(shares):.2f}")


def show_cost():
    """Prints what the kernels cost those who build the package."""
    files = sorted((KERNELS / "Products").iterdir())
    lines = sum(len(file.read_text().splitlines()) for file in files)
    start, text = os.times().children_user, 0
    for source in (file for file in files if file.suffix == ".c"):
        made = WORK / f"{source.stem}.o"
        subprocess.run([compiler(), *FLAGS, "-c", source, "-o", made], check=True)
        sizes = subprocess.run(["size", made], capture_output=True, text=True)
        text += int(sizes.stdout.splitlines()[1].split()[0]) if sizes.returncode == 0 else 0
    print(f"\nThe kernels: {lines} lines of C in {len(files)} files, {text // 1024} KiB of text, "
          f"{os.times().children_user - start:.0f} s of one core to build for release")


def show(shapes, columns):
    """Prints the table and how ours compares with the fastest of the others on each shape. A column is a name, and for
    each shape ours and the library's speed, measured in turns."""
    rows, ratios = [], {}
    for number, shape in enumerate(shapes):
        others = [measured[number] for _, measured in columns]
        best, ratio = max(ours for ours, _ in others), min(ours / theirs for ours, theirs in others)
        ratios.setdefault(shape[0], []).append(ratio)
        m, n, k = shape[4:]
        rows.append([f"{shape[0]}: {shape[1]}", f"{m} × {k} × {n}", f"{best:.0f}",
                     *(f"{theirs * best / ours:.0f}" for ours, theirs in others), f"{ratio:.2f}"])
    print(table(["product", "m × k × n", "ours", *(name for name, _ in columns), "of the fastest"], rows))

    def mean(values):
        return math.exp(sum(map(math.log, values)) / len(values))

    print()
    for group, values in ratios.items():
        print(f"{group}: geometric mean {mean(values):.2f}, least {min(values):.2f}")
    every = [value for values in ratios.values() for value in values]
    print(f"against the fastest library: geometric mean {mean(every):.2f}, least {min(every):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--panels", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--python")
    options = parser.parse_args()
    program = build()
    if options.watch:
        watch_registers()
        watch_vectors()
        sys.exit(subprocess.run([program, "peak"]).returncode)
    if options.panels:
        return show_panels(program)
    shapes = SHAPES[::4] if options.quick else SHAPES
    columns, named = [], {}
    blas = ctypes.util.find_library("openblas")
    for name, core in [("OpenBLAS", None), (f"OpenBLAS, told {told()}", told())]:
        if blas and (core or name == "OpenBLAS"):
            named[name] = ([f"openblas={blas}=cblas_sgemm"], core)
            measured = measure(program, named[name][0], shapes, core)
            if measured:
                columns.append((name, measured))
    for name, argument in libraries(python_with_libraries(options.python)).items():
        named[name] = ([argument], None)
        measured = measure(program, [argument], shapes)
        if measured:
            columns.append((name, measured))
    if not columns:
        sys.exit("no library to compare with was found")
    print("# Matrix products\n\n`make products` writes this page to the standard output.\n")
    print(f"GFLOP/s in float32 on one thread of {processor()}: the best of forty samples, each library in turns with "
          f"ours, in that one of {ROUNDS} rounds in which both were fastest\n")
    show(shapes, columns)
    show_shares(program)
    show_rows(program, named)
    show_cost()


def processor():
    """Its name, and the numbers that tell it from others of the name."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        name, family, model = (re.search(rf"^{key}\s*:\s*(.*)", text, re.MULTILINE)[1]
                               for key in ("model name", "cpu family", "model"))
        return f"{name}, family {family}, model {model}"
    except (OSError, TypeError):
        return os.uname().machine


if __name__ == "__main__":
    main()
