"""Trains on processes that mpirun starts: the same bits on any number of them, and whoever makes trouble is named.

    python3 -m unittest discover --start-directory Tests/ClusterProcesses

PROGRAM is the program to start: what `make cluster-test` has built. LAUNCHER is another mpirun than the path's.
"""
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import hosts

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("PROGRAM") or str(ROOT / ".build-mpi" / "debug" / "ClusterProcesses")
LAUNCHER = os.environ.get("LAUNCHER") or "mpirun"
ENVIRONMENT = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", UCX_MEM_EVENTS="n")
IS_OPEN_MPI = "Open MPI" in subprocess.run([LAUNCHER, "--version"], capture_output=True, text=True).stdout
PATIENCE = 5
# Within the patience and so many seconds more everybody is named; and what a loaded machine takes to begin.
MORE = 5
# No test takes longer; what it has started is ended then.
LIMIT = 120


def command(*groups):
    """mpirun of groups of (number of processes, environment, arguments)."""
    line = [LAUNCHER] + (["--oversubscribe"] if IS_OPEN_MPI else [])
    for number, (count, variables, arguments) in enumerate(groups):
        line += [":"] if number else []
        line += ["-n", str(count)]
        if variables:
            line += ["env"] + [f"{name}={value}" for name, value in variables.items()]
        line += [PROGRAM] + [str(argument) for argument in arguments]
    return line


class Job:
    """What mpirun has started, what it prints, and its status; ended with all its processes when the block ends."""

    def __init__(self, line, environment=None):
        self.lines, self.status = [], None
        self.process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=dict(ENVIRONMENT, **(environment or {})), start_new_session=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in self.processes():
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def processes(self):
        return [int(found[1]) for line in self.lines if (found := re.search(r"joined \d+ as process (\d+)", line))]

    def wait(self, seconds=LIMIT):
        self.status = self.process.wait(seconds)
        self.reader.join(5)
        return self

    def wait_for(self, pattern, count=1, seconds=LIMIT):
        """Waits until so many lines match."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = [line for line in self.lines if re.search(pattern, line)]
            if len(found) >= count:
                return found
            if self.process.poll() is not None and not self.reader.is_alive():
                break
            time.sleep(0.05)
        raise AssertionError(f"not {count} lines like {pattern!r} in {seconds} s:\n" + "\n".join(self.lines))

    def bits(self):
        return {line.split("bits ")[1] for line in self.lines if ": bits " in line}


def run(*groups, environment=None):
    with Job(command(*groups), environment) as job:
        return job.wait()


class Bits(unittest.TestCase):
    def test_the_same_on_any_number_of_processes(self):
        bits = set()
        for count in range(1, 9):
            job = run((count, {}, ["none", 6, 60]))
            self.assertEqual(job.status, 0, job.lines)
            self.assertEqual(len([line for line in job.lines if ": bits " in line]), count, job.lines)
            bits |= job.bits()
        self.assertEqual(len(bits), 1, bits)

    def test_of_processors_without_wide_vectors(self):
        both = run((2, {}, ["none", 6, 60]))
        mixed = run((1, {"ADJOINT_VECTOR": "avx2"}, ["none", 6, 60]), (1, {}, ["none", 6, 60]))
        self.assertEqual((both.status, mixed.status), (0, 0), mixed.lines)
        self.assertEqual(both.bits(), mixed.bits())

    def test_saved_on_four_and_resumed_on_three_one_and_eight(self):
        whole = run((2, {}, ["none", 9, 60]))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state.safetensors"
            begun = run((4, {}, ["none", 5, 60, "-", path]))
            self.assertEqual(begun.status, 0, begun.lines)
            for count in (3, 1, 8):
                job = run((count, {}, ["none", 9, 60, path]))
                self.assertEqual(job.status, 0, job.lines)
                self.assertEqual(job.bits(), whole.bits(), count)


class Trouble(unittest.TestCase):
    def trouble(self, scenario, count=4):
        return Job(command((count, {}, [scenario, 1_000_000, PATIENCE])))

    def check_named(self, job, others, names):
        """Every other rank names rank 1, in time: since the trouble began at the third step."""
        began = time.monotonic()
        for rank in others:
            line = job.wait_for(rf"rank {rank}: after", seconds=PATIENCE + MORE + 10)[0]
            self.assertRegex(line, names)
        self.assertLess(time.monotonic() - began, PATIENCE + MORE)

    def test_a_stopped_process_is_named_by_all_and_accuses_itself(self):
        with self.trouble("stopped") as job:
            job.wait_for("rank 1: is stopped")
            stopped = [int(re.search(r"process (\d+)", line)[1]) for line in job.lines if line.startswith("rank 1: joined")]
            self.check_named(job, (0, 2, 3), "rank 1 did not answer")
            if IS_OPEN_MPI:
                return
            os.kill(stopped[0], signal.SIGCONT)

    def test_a_slow_process_is_named_by_all(self):
        with self.trouble("slow") as job:
            job.wait_for("rank 1: is slow")
            self.check_named(job, (0, 2, 3), "rank 1 did not answer .*: it has not handed over")

    def test_a_thrown_error_is_told_to_all(self):
        with self.trouble("throwing") as job:
            job.wait_for("rank 1: is throwing")
            self.check_named(job, (0, 2, 3), "rank 1 has left: the disk is on fire")
            self.assertNotEqual(job.wait().status, 0)

    def test_a_killed_process_ends_the_job(self):
        with self.trouble("killed") as job:
            job.wait()
            self.assertNotEqual(job.status, 0)
            self.assertRegex("\n".join(job.lines), "signal 9|KILLED|Killed|EXIT CODE: 9")
            time.sleep(2)
            for number in job.processes():
                self.assertFalse(is_running(number), f"process {number} is left behind")


@unittest.skipUnless(IS_OPEN_MPI and hosts.may_be_made(), "not run: network namespaces cannot be made here")
class Links(unittest.TestCase):
    def test_a_link_taken_down_names_its_host(self):
        with hosts.hosts(4) as network:
            line = network.open_mpi(LAUNCHER, 4, [PROGRAM, "waiting", 1_000_000, PATIENCE])
            with Job(line) as job, network:
                job.wait_for("rank 1: is waiting")
                network.set_link(2, "down")
                # What rank 1 prints comes by the link that is down; its own word is not heard.
                began = time.monotonic()
                for rank in (0, 2, 3):
                    self.assertRegex(job.wait_for(rf"rank {rank}: after", seconds=30)[0], "rank 1 did not answer")
                self.assertLess(time.monotonic() - began, 3 + PATIENCE + MORE)


def is_running(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Launchers(unittest.TestCase):
    def test_the_wrong_launcher_is_said(self):
        for name in ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE"):
            found = subprocess.run(
                [PROGRAM, "none", "3", "60"], env=dict(ENVIRONMENT, **{name: "3"}), capture_output=True, text=True,
                timeout=LIMIT)
            if "not joined" in found.stdout:
                self.assertIn("a launcher has started 3 processes, and this one is alone", found.stdout)
                self.assertNotEqual(found.returncode, 0)
                return
        self.fail("trained alone")


class Host(unittest.TestCase):
    def test_its_allocator_and_its_signals_stay_its_own(self):
        job = run((2, {}, ["host", 4, 60]))
        self.assertEqual(job.status, 0, job.lines)
        self.assertEqual(len([line for line in job.lines if line.endswith("host unchanged")]), 2, job.lines)


@unittest.skipUnless(os.environ.get("ADJOINT_SOAK"), "not run: half an hour, with ADJOINT_SOAK=1")
class Soak(unittest.TestCase):
    def test_half_an_hour_on_four_processes_has_the_bits_of_one(self):
        began = time.monotonic()
        steps, bits = 2_000, {}
        while time.monotonic() - began < 1_800:
            for count in (1, 4, 3):
                with Job(command((count, {}, ["none", steps, 60]))) as job:
                    self.assertEqual(job.wait(1_800).status, 0, job.lines)
                    bits.setdefault(steps, set()).update(job.bits())
            self.assertEqual(len(bits[steps]), 1, bits)
            steps += 500


class Thread(unittest.TestCase):
    def test_between_steps_it_sleeps(self):
        job = run((2, {}, ["idle", 4, 60]))
        self.assertEqual(job.status, 0, job.lines)
        shares = [float(line.split("idle ")[1]) for line in job.lines if ": idle " in line]
        self.assertEqual(len(shares), 2, job.lines)
        self.assertLess(max(shares), 0.01)


if __name__ == "__main__":
    unittest.main()
