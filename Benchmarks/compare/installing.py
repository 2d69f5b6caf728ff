"""What a comparison needs: our programs built, the peers' programs built or installed. What can't be had is said."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from missing import Missing

PROGRAMS = ["scheduling", "training", "scalars"]
FLOORS = {"serial": 4, "replay": 1, "split": 5}  # the modes of b_floor.cpp
COMPILER = ["-std=c++20", "-O3", "-march=native", "-DNDEBUG", "-ffp-contract=off", "-pthread"]
PACKAGES = {"jax": "JAX", "torch": "PyTorch", "tensorflow": "TensorFlow", "mlx.core": "MLX"}  # as imported, as called


class BuildFailure(Exception):
    """Why there is nothing to compare."""


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def last_line(done):
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1][:160] if lines else f"exit code {done.returncode}"


def build_ours(package: Path, programs=PROGRAMS):
    """Builds our programs in release; returns the folder they are in. Nothing can be compared without them."""
    release = ("swift", "build", "-c", "release", "--package-path", str(package))
    for product in programs:
        print(f"building {product}", flush=True)
        if subprocess.run([*release, "--quiet", "--product", product]).returncode != 0:
            raise BuildFailure(f"{product} of this package does not build")
    shown = run(*release, "--show-bin-path", check=True)
    return Path(shown.stdout.strip().splitlines()[-1])


def interpreter(given):
    """The Python that `--python` names, an interpreter or an environment with bin/python; `None` if it is neither."""
    path = Path(given)
    if path.is_dir():
        path = path / "bin" / "python"
    found = shutil.which(path)
    # Not resolved: an environment's interpreter is a link, and knows by its place which packages it has.
    return Path(found).absolute() if found else None


def environment_in(folder: Path):
    return folder / "venv" / "bin" / "python"


def make_environment(folder: Path, packages, missing: Missing):
    """An interpreter in `folder` with as many of the `packages` as pip can get."""
    python = environment_in(folder)
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    for package in [*packages, "matplotlib"]:
        if imports(python, package) or (requirement := requirement_of(package, python)) is None:
            continue
        print(f"installing {requirement}", flush=True)
        done = run(python, "-m", "pip", "install", "--quiet", requirement)
        if done.returncode != 0:
            missing.add(f"installing {requirement}", last_line(done))
    return python


def requirement_of(package, python):
    """What pip is asked for; `None` if it should not be."""
    on_linux = sys.platform == "linux"
    if package == "torch":
        return cpu_torch(python)
    return {
        "tensorflow": "tensorflow-cpu" if on_linux else "tensorflow", "mlx.core": "mlx[cpu]" if on_linux else "mlx",
    }.get(package, package)


def without(python, packages):
    """Those of the `packages` that the environment does not have, by the name they are imported by, each with why."""
    return {
        package: (
            "not in the environment; the registry's torch comes with gigabytes of CUDA, so it is for --python to name one "
            "that has it" if package == "torch" else "not in the environment")
        for package in packages if not imports(python, package)}


def openblas():
    """OpenBLAS for MLX: on Linux its package comes with the reference BLAS, several times slower."""
    return ctypes.util.find_library("openblas") if sys.platform == "linux" else None


def compiler():
    """The C++ compiler that PyTorch and MLX call when they compile, `None` if there is none."""
    return shutil.which(os.environ.get("CXX") or ("g++" if sys.platform == "linux" else "clang++"))


def imports(python, package):
    return run(python, "-c", f"import {package}").returncode == 0


def cpu_torch(python):
    """The newest build of torch without CUDA that pip can see: such versions end in +cpu, elsewhere than on Linux all."""
    if sys.platform != "linux":
        return "torch"
    listed = run(python, "-m", "pip", "index", "versions", "torch").stdout
    versions = [word.strip(",") for word in listed.split() if word.strip(",").endswith("+cpu")]
    return f"torch=={versions[0]}" if versions else None


def build_peers(sources: Path, folder: Path, wanted):
    """Compiles oneTBB's program and the floors, those of them in `wanted`.

    Returns the programs that are there by name, and of the others why they are not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    programs = {name: ("b_floor.cpp", [f"-DMODE={mode}"], []) for name, mode in FLOORS.items()}
    programs["tbb"] = ("b_tbb.cpp", [], ["-ltbb"])
    built, absent = {}, {}
    for name in wanted:
        source, defines, libraries = programs[name]
        program = folder / name
        if not program.exists() or program.stat().st_mtime < (sources / source).stat().st_mtime:
            if name == "tbb" and not has_tbb() and (why := install_tbb()) is not None:
                absent[name] = why
                continue
            print(f"building {name}", flush=True)
            done = run(
                "g++", *COMPILER, f'-DIMPL_NAME="{name}"', *defines, sources / source, "-o", program, *libraries)
            if done.returncode != 0:
                absent[name] = f"not built: {last_line(done)}"
                continue
        built[name] = program
    return built, absent


def has_tbb():
    """Whether the compiler finds oneTBB's headers."""
    return run("g++", "-x", "c++", "-E", "-", input="#include <oneapi/tbb/flow_graph.h>").returncode == 0


def install_tbb():
    """Asks Debian's packages for oneTBB; returns why not, `None` if it is there."""
    print("installing libtbb-dev", flush=True)
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(*sudo, "apt-get", "update", "-qq", env=environment)
    done = run(*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "libtbb-dev", env=environment)
    return None if done.returncode == 0 else f"not installed: {last_line(done)}"
