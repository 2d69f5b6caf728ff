"""Who is asked for a row of the table: ours, the peers' programs, the floors. Who is not asked, and why, is noted."""

from dataclasses import dataclass
from pathlib import Path

import installing
from missing import Missing
from programs import Program, jax_variants, variants


@dataclass(frozen=True)
class Setting:
    """What there is to measure with."""

    binaries: Path  # the folder of our programs
    built: dict[str, Path]  # oneTBB's program and the floors, by name
    python: Path | None  # the environment with the peers' packages
    absent: dict[str, str]  # why a program or a package is not there, by its name or the one it is imported by
    tensor: Path  # the folder of the peers' programs
    quick: bool
    missing: Missing

    def contenders(self, row):
        return self.schedulers(row) if row.kind == "scheduling" else self.frameworks(row)

    def schedulers(self, row):
        ours = (str(self.binaries / "scheduling"),)
        found = [
            Program("ours", "ours", ours, options=("--sharing", "automatic"), says="adjoint"),
            Program("ours, shared", "ours", ours, options=("--sharing", "always"), says="adjoint-shared"),
            Program("ours, grouped", "ours", ours, options=("--grouped",), says="adjoint-grouped"),
            Program("ours, bodies", "floor", ours, options=("--bodies",), says="adjoint-bodies")]
        for key, name in SCHEDULERS.items():
            if key in self.built:
                found.append(Program(name, "tbb" if key == "tbb" else "floor", (str(self.built[key]),)))
            else:
                self.missing.add(name, self.absent[key], row)
        return found

    def frameworks(self, row):
        ours = (str(self.binaries / "training"),)
        found = [Program("ours", "ours", ours)]
        if row.threads == 2:
            found.append(Program("ours, twice at once", "floor", ours, alone_twice=True))
        for package, name, source, modes in FRAMEWORKS:
            if package in self.absent:
                self.missing.add(name, self.absent[package], row)
                continue
            program = self.tensor / source
            asked = jax_variants(program, row.workload) if package == "jax" else variants(program, row.workload, modes)
            for variant in asked:
                if (why := self.obstacle(package, variant)) is not None:
                    self.missing.add(f"{name} {variant}", why, row)
                    continue
                command = (str(self.python), str(program), "--variant", variant)
                if package == "mlx.core" and (library := installing.openblas()) is not None:
                    command = ("env", f"LD_PRELOAD={library}", *command)
                found.append(Program(f"{name} {variant}", package.split(".")[0], command))
        return found

    def obstacle(self, package, variant):
        """Why a variant is not asked, `None` if it is."""
        if not variant.startswith("compile"):
            return None
        if installing.compiler() is None:
            return "there is no C++ compiler for what it generates"
        return "left out by --quick: it compiles for longer than that" if self.quick and package == "torch" else None


# Package, name, program, modes; each mode for each formulation the program has of a workload.
FRAMEWORKS = [
    ("jax", "JAX", "peer_jax.py", ["jit"]),
    ("torch", "PyTorch", "peer_torch.py", ["eager", "compile", "compile_step"]),
    ("tensorflow", "TensorFlow", "peer_tf.py", ["graph", "xla"]),
    ("mlx.core", "MLX", "peer_mlx.py", ["eager", "compile"]),
]

# oneTBB's program and the floors, as built and as called.
SCHEDULERS = {"tbb": "oneTBB", **{name: name for name in installing.FLOORS}}

# What --without may name: programs that are built, packages as they are imported.
WITHOUT = {
    "tbb": ["tbb"], "floors": list(installing.FLOORS),
    **{package.split(".")[0]: [package] for package in installing.PACKAGES},
}


def left_out(words):
    """Why each program or package that --without names is not there."""
    return {name: f"left out by --without {word}" for word in words for name in WITHOUT[word]}


def note_what_is_never_asked(rows, missing):
    if any(row.kind == "scheduling" for row in rows):
        missing.add(
            "Taskflow and dispenso",
            "not among the peers' programs; their published figures of other machines are shown")
    if any(row.kind == "training" for row in rows):
        missing.add("TensorFlow eager", "not asked: its graphs are how it runs a step again")
