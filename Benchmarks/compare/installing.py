"""What a comparison needs: our programs built, the peers' programs built or installed. What can't be had is said."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROGRAMS = ["scheduling", "training", "scalars"]
FLOORS = {"serial": 4, "replay": 1, "split": 5}  # the modes of b_floor.cpp
COMPILER = ["-std=c++20", "-O3", "-march=native", "-DNDEBUG", "-ffp-contract=off", "-pthread"]


class Missing:
    """What could not be run, why, and for which rows."""

    def __init__(self):
        self.rows = {}  # (what, why) -> rows

    def add(self, what, why, row=None):
        rows = self.rows.setdefault((what, why), [])
        if row is not None and row not in rows:
            rows.append(row)
        print(f"without {what}{f' for {row}' if row else ''}: {why}", flush=True)

    def lines(self):
        return [f"{what}: {why}" + (f" ({', '.join(rows)})" if rows else "") for (what, why), rows in self.rows.items()]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)


def last_line(done):
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1][:160] if lines else f"exit code {done.returncode}"


def build_ours(package: Path, programs=PROGRAMS):
    """Builds our programs in release; returns the folder they are in. Nothing can be compared without them."""
    for product in programs:
        print(f"building {product}", flush=True)
        subprocess.run(
            ["swift", "build", "--quiet", "-c", "release", "--package-path", package, "--product", product], check=True)
    shown = run("swift", "build", "-c", "release", "--package-path", package, "--show-bin-path", check=True)
    return Path(shown.stdout.strip().splitlines()[-1])


PACKAGES = {"jax": "JAX", "torch": "PyTorch", "tensorflow": "TensorFlow", "mlx.core": "MLX"}  # as imported, as called


def make_environment(folder: Path, given, missing: Missing):
    """A Python with the peers' packages: the environment `given`, or one made in `folder`."""
    python = Path(given or folder / "venv") / "bin" / "python"
    if given:
        return python
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    for package in [*PACKAGES, "matplotlib"]:
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


def peers_in(python, missing: Missing):
    """The peers' packages that the environment has, by the name they are imported by."""
    found = {package for package in PACKAGES if imports(python, package)}
    for package in [package for package in PACKAGES if package not in found]:
        missing.add(PACKAGES[package], (
            "not in the environment; the registry's torch comes with gigabytes of CUDA, so it is for --python to name one "
            "that has it" if package == "torch" else "not in the environment"))
    return found


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


def build_peers(sources: Path, folder: Path, missing: Missing):
    """Compiles oneTBB's program and the floors; returns those that are there by name."""
    if shutil.which("g++") is None:
        missing.add("oneTBB and the floors", "no g++")
        return {}
    install_tbb(missing)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: ("b_floor.cpp", [f"-DMODE={mode}"], []) for name, mode in FLOORS.items()}
    wanted["tbb"] = ("b_tbb.cpp", [], ["-ltbb"])
    built = {}
    for name, (source, defines, libraries) in wanted.items():
        program = folder / name
        if not program.exists() or program.stat().st_mtime < (sources / source).stat().st_mtime:
            print(f"building {name}", flush=True)
            done = run(
                "g++", *COMPILER, f'-DIMPL_NAME="{name}"', *defines, sources / source, "-o", program, *libraries)
            if done.returncode != 0:
                missing.add(name, last_line(done))
                continue
        built[name] = program
    return built


def install_tbb(missing: Missing):
    include = run("g++", "-x", "c++", "-E", "-", input="#include <oneapi/tbb/flow_graph.h>")
    if include.returncode == 0:
        return
    if shutil.which("apt-get") is None:
        missing.add("oneTBB", "its headers are missing and there is no apt-get")
        return
    print("installing libtbb-dev", flush=True)
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(*sudo, "apt-get", "update", "-qq", env=environment)
    done = run(*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "libtbb-dev", env=environment)
    if done.returncode != 0:
        missing.add("oneTBB", last_line(done))
