"""Loads the prediction server with wrk, with its batcher and without, while it trains: see `make serve-load`.

Prints requests a second, latencies, refusals and resident memory, compares every answer that was given with that of a
training which is alone, and ends with one line about all of it. Exits with 1 if anything in that line is not as it
should be.
"""

import argparse
import json
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
DIGITS = PACKAGE / ".build/release/Digits"
SERVER = PACKAGE / ".build/release/PredictionServer"
IMAGES = PACKAGE.parent / "Sources/DigitNetworks/Resources/digits.csv"
# The share by which resident memory may be larger in the last third of a run than in the middle one: noise of pages
# that an allocator keeps.
ALLOWED_GROWTH = 0.02


class Memory(threading.Thread):
    """Resident bytes of a process, twice a second, until `stop`."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status = pathlib.Path(f"/proc/{pid}/status")
        self.samples = []
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.5):
            self.samples.append(int(re.search(r"VmRSS:\s+(\d+) kB", self.status.read_text())[1]) / 1024)

    def stop(self):
        self.ended.set()
        self.join()
        third = max(1, len(self.samples) // 3)
        starts = (0, third, len(self.samples) - third)
        return [statistics.median(self.samples[start : start + third]) for start in starts]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as response:
        return response.read().decode()


def wait_until_healthy(port, server):
    for _ in range(200):
        if server.poll() is not None:
            sys.exit(f"the server ended with {server.returncode} before it served")
        try:
            return get(port, "health")
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not serve after 20 s")


def load(arguments, recipe, folder, batching):
    """One run of wrk against a server of its own; returns its figures."""
    port = free_port()
    folder.mkdir()
    server = subprocess.Popen(
        [SERVER, "serve", *recipe, "--port", str(port), "--pause", str(arguments.pause), "--log-level", "warning"]
        + ["--batching" if batching else "--no-batching"])
    try:
        wait_until_healthy(port, server)
        memory = Memory(server.pid)
        memory.start()
        wrk = subprocess.run(
            ["wrk", "-t", "1", "-c", str(arguments.connections), "-d", f"{arguments.seconds}s", "--latency"]
            + ["-s", PACKAGE / "load/digits.lua", f"http://127.0.0.1:{port}", "--", IMAGES, folder],
            check=True, capture_output=True, text=True)
        figures = json.loads(re.search(r"^result (.*)$", wrk.stdout, re.MULTILINE)[1])
        figures["memory"] = memory.stop()
        metrics = get(port, "metrics")
        (folder / "metrics.txt").write_text(metrics)
        figures["version"] = int(re.search(r"^model_version (\d+)$", metrics, re.MULTILINE)[1])
    finally:
        start = time.monotonic()
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            sys.exit("the server has not ended 30 s after SIGTERM")
    if server.returncode != 0:
        sys.exit(f"the server ended with {server.returncode}")
    figures["stopping"] = time.monotonic() - start
    return figures


def show(name, figures):
    first, middle, last = figures["memory"]
    print(f"{name}: {figures['given'] / figures['seconds']:.0f} requests/s, p50 {figures['p50']:.2f} ms, "
          f"p99 {figures['p99']:.2f} ms, {figures['given']} answers, {figures['refused']} refused, "
          f"{figures['failed'] + figures['broken']} failed")
    print(f"  resident memory by thirds of the run: {first:.1f}, {middle:.1f}, {last:.1f} MiB; "
          f"{figures['version']} versions published; ended {figures['stopping']:.2f} s after SIGTERM", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--pause", type=int, default=20, help="milliseconds between two training steps")
    parser.add_argument("--architecture", default="dense", choices=["dense", "convolutional"])
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        print("weights by the example Digits", flush=True)
        # Its exit code is about how well it reads after a training as short as this, and not asked for.
        subprocess.run(
            [DIGITS, "--epochs", "5", "--shifted-epochs", "1", "--state", folder / "digits"], capture_output=True)
        weights = folder / f"digits.{arguments.architecture}"
        if not weights.exists():
            sys.exit("Digits has written no weights")
        recipe = ["--weights", weights, "--architecture", arguments.architecture]

        ways = {"with the batcher": True, "each by itself": False}
        results = {}
        for way, batching in ways.items():
            results[way] = load(arguments, recipe, folder / f"answers-{batching}", batching)
            show(way, results[way])
        answers = [file for batching in ways.values() for file in (folder / f"answers-{batching}").glob("answers-*")]
        comparison = subprocess.run([SERVER, "compare", *recipe, *answers], capture_output=True, text=True)
        print(comparison.stdout.strip() or comparison.stderr.strip(), flush=True)
        counted = re.match(r"(\d+) answers", comparison.stdout)
        is_whole = comparison.returncode == 0 and int(counted[1]) == sum(r["given"] for r in results.values())
        measured = subprocess.run([SERVER, "measure", *recipe], check=True, capture_output=True, text=True).stdout
        print(f"in one process, without HTTP:\n  " + "\n  ".join(measured.strip().splitlines()[:-1]))

    refused = sum(result["refused"] for result in results.values())
    failed = sum(result["failed"] + result["broken"] for result in results.values())
    is_constant = all(
        result["memory"][2] <= result["memory"][1] * (1 + ALLOWED_GROWTH) for result in results.values())
    if failed:
        print(f"{failed} requests failed")
    print(f"answers of one whole version: {'yes' if is_whole else 'no'}, refused: {refused}, "
          f"memory constant: {'yes' if is_constant else 'no'}, {measured.strip().splitlines()[-1]}")
    sys.exit(0 if is_whole and is_constant and refused == 0 and failed == 0 else 1)


if __name__ == "__main__":
    main()
