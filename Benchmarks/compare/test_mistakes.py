"""python3 -m unittest discover --start-directory Benchmarks/compare"""

import contextlib
import importlib.util
import io
import os
import re
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import contenders
import installing
import mistakes
from options import PACKAGE, options
from programs import SCHEDULING, TRAINING

# `__main__.py` under a name of its own: `__main__` is the runner of the tests.
SPEC = importlib.util.spec_from_file_location("comparison", Path(__file__).parent / "__main__.py")
comparison = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(comparison)

ONE_THREAD = "--threads 1"


class Mistakes(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for source in ("scheduling/b_tbb.cpp", "scheduling/b_floor.cpp", *(
                f"tensor/{source}" for _, _, source, _ in contenders.FRAMEWORKS)):
            (self.folder / "peers" / source).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "peers" / source).write_text("")
        # A machine that has everything, of which each test takes something away.
        self.tools = {"swift", "g++", "apt-get"}
        self.packages = set(installing.PACKAGES)
        which = installing.shutil.which
        self.patch(mistakes.shutil, "which", lambda name: (
            which(name) if os.sep in str(name) else str(name) if name in self.tools else None))
        self.patch(installing, "imports", lambda python, package: package in self.packages)

    def patch(self, where, name, value):
        self.enterContext(unittest.mock.patch.object(where, name, value))

    def wrong(self, words=ONE_THREAD):
        """What is wrong with the words of a command line."""
        words = ["--peers", str(self.folder / "peers"), "--results", str(self.folder / "results"), *words.split()]
        return mistakes.mistakes(options(words), self.folder / "work")

    def assert_wrong(self, words, expected):
        found = self.wrong(words)
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], expected)
        self.assertNotIn("\n", found[0])

    def script(self, name, text, mode=0o755):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def test_nothing_is_wrong_with_a_machine_that_has_everything(self):
        self.assertEqual(self.wrong(), [])
        self.assertEqual(self.wrong(f"{ONE_THREAD} --python {sys.executable}"), [])

    def test_workloads_that_nobody_knows_are_told_with_those_that_are_known(self):
        self.assert_wrong(
            f"{ONE_THREAD} --only S2,S9,mpl", r"^--only does not know S9, mpl; it knows S1, S2, .*, mlp, .*, scalars\.$")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --only S2,mlp,scalars"), [])
        self.assert_wrong(
            f"{ONE_THREAD} --without pytorch", "^--without does not know pytorch; it knows tbb, floors, jax, torch")

    def test_workloads_are_those_of_our_programs(self):
        source = (PACKAGE / "Sources/TrainingWorkloads/TrainingWorkload.swift").read_text()
        names = re.search(r"names = \[(.*?)\]", source, re.DOTALL).group(1)
        self.assertEqual(re.findall(r'"(\w+)"', names), TRAINING)
        sources = "".join(path.read_text() for path in (PACKAGE / "Sources/SchedulingWorkloads").glob("*.swift"))
        self.assertLessEqual({f'"{name}"' for name in SCHEDULING}, set(re.findall(r'"\w+"', sources)))

    def test_more_threads_than_processors_are_refused(self):
        self.patch(mistakes, "processor_count", lambda: 2)
        self.assert_wrong("--threads 1,2,4,8", "^--threads 4, 8 is more than the 2 processors that this process may use")
        self.assertEqual(self.wrong("--threads 1,2"), [])

    def test_a_folder_that_cannot_be_written_is_named(self):
        (self.folder / "file").write_text("")
        for there in ("file", "file/results"):
            self.assert_wrong(
                f"{ONE_THREAD} --results {self.folder / there}", f"^The folder for the results cannot be written: .*{there}$")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --results {self.folder / 'new' / 'folder'}"), [])
        self.assertFalse((self.folder / "new").exists())

    def test_peers_that_are_not_there_are_named(self):
        (self.folder / "peers/tensor/peer_jax.py").unlink()
        self.assert_wrong(ONE_THREAD, "lacks tensor/peer_jax.py: give their folder as PEERS or --peers, or .* --without")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --without jax"), [])
        self.assertEqual(self.wrong(f"{ONE_THREAD} --only S2"), [])
        everybody = "tensor/peer_jax.py, tensor/peer_mlx.py, tensor/peer_tf.py, tensor/peer_torch.py"
        self.assert_wrong(
            f"{ONE_THREAD} --only mlp --peers {self.folder / 'nowhere'}", f"nowhere, which lacks {everybody}:")
        without = f"--without {','.join(contenders.WITHOUT)}"
        self.assertEqual(self.wrong(f"{ONE_THREAD} {without} --peers {self.folder / 'nowhere'}"), [])

    def test_a_compiler_is_asked_for_where_schedules_are(self):
        self.tools -= {"g++"}
        self.assert_wrong(ONE_THREAD, r"^There is no g\+\+ to build oneTBB's program and the floors with")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --only mlp"), [])
        self.assertEqual(self.wrong(f"{ONE_THREAD} --without tbb,floors"), [])

    def test_onetbb_is_asked_for_where_it_cannot_be_installed(self):
        self.tools -= {"apt-get"}
        self.patch(installing, "has_tbb", lambda: False)
        self.assert_wrong(ONE_THREAD, r"^g\+\+ does not find oneTBB's headers")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --without tbb"), [])

    def test_without_swift_nothing_is_compared(self):
        self.tools -= {"swift"}
        self.assert_wrong(ONE_THREAD, "^There is no swift in PATH")

    def test_python_is_an_interpreter_or_an_environment(self):
        link = self.folder / "venv" / "bin" / "python"
        link.parent.mkdir(parents=True)
        link.symlink_to(sys.executable)
        for given in (sys.executable, link, link.parent.parent):
            self.assertEqual(self.wrong(f"{ONE_THREAD} --python {given}"), [])
        # The link itself, by whose place the interpreter knows its environment.
        for given in (link, link.parent.parent):
            self.assertEqual(installing.interpreter(given), link)

    def test_what_is_no_python_is_refused(self):
        (self.folder / "empty").mkdir()
        text = self.script("text", "print('works')", mode=0o644)
        for given in (self.folder / "empty", self.folder / "nowhere", text):
            self.assert_wrong(
                f"{ONE_THREAD} --python {given}",
                "^--python is neither an interpreter nor an environment, a folder with bin/python")
        other = self.script("broken/bin/python", "#!/bin/sh\necho no such library >&2\nexit 1\n")
        for given in (other, other.parent.parent):
            self.assert_wrong(
                f"{ONE_THREAD} --python {given}", r"^--python does not run as Python: .* \(no such library\)$")

    def test_packages_that_the_interpreter_lacks_are_named(self):
        self.packages -= {"torch", "mlx.core"}
        self.assert_wrong(
            f"{ONE_THREAD} --python {sys.executable}", "cannot import torch, mlx.core: .* or say --without torch,mlx.$")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --python {sys.executable} --without torch,mlx"), [])
        self.assertEqual(self.wrong(f"{ONE_THREAD} --python {sys.executable} --only S2"), [])
        self.assertEqual(self.wrong(), [])  # An environment is made, by what pip can get.

    def test_an_environment_that_cannot_be_made_is_told(self):
        self.patch(mistakes.importlib.util, "find_spec", lambda name: None)
        self.assert_wrong(ONE_THREAD, "lacks ensurepip")
        self.assertEqual(self.wrong(f"{ONE_THREAD} --only S2"), [])


class Words(unittest.TestCase):
    def refused(self, words):
        """The sentence on the standard error, and the exit status."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            options(words)
        return said.getvalue(), ended.exception.code

    def test_words_that_are_no_numbers_are_refused_in_one_sentence(self):
        for words in (
                ["--threads", "one"], ["--threads", "0"], ["--threads", "1,"], ["--turns", "0"], ["--seconds", "0"],
                ["--patience", "nan"], ["--runs", "8"], ["--only", "S2,"], ["--quik"]):
            said, status = self.refused(words)
            self.assertEqual(status, 2)
            self.assertRegex(said, r"\Acompare: [^\n]+\n\Z")
            self.assertIn(words[0], said)


class Beginning(unittest.TestCase):
    def test_a_mistake_ends_it_with_2_before_anything_is_built(self):
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, \
                unittest.mock.patch.object(sys, "argv", [
                    "compare", "--threads", "1", "--only", "S9", "--results", f"{folder}/results"]), \
                unittest.mock.patch.object(installing, "build_ours", self.fail), contextlib.redirect_stderr(said):
            self.assertEqual(comparison.main(), 2)
            self.assertEqual(list(Path(folder).iterdir()), [])
        self.assertRegex(said.getvalue(), r"\Acompare: --only does not know S9; it knows [^\n]*\n\Z")

    def test_a_package_that_does_not_build_ends_it_with_1(self):
        said = io.StringIO()
        with unittest.mock.patch.object(comparison, "mistakes", lambda chosen, work: []), \
                unittest.mock.patch.object(sys, "argv", ["compare"]), contextlib.redirect_stderr(said), \
                unittest.mock.patch.object(
                    comparison, "compare", unittest.mock.Mock(side_effect=installing.BuildFailure("it does not build"))):
            self.assertEqual(comparison.main(), 1)
        self.assertEqual(said.getvalue(), "compare: it does not build\n")

    def test_the_page_says_what_quick_leaves_out(self):
        self.assertIn("What PyTorch compiles is left out, by `--quick`.", comparison.how(options(["--quick"]), [0, 0]))
        self.assertIn("given up after 15 s", comparison.how(options(["--quick"]), [0, 0]))
        self.assertNotIn("PyTorch", comparison.how(options([]), [0, 0]))


if __name__ == "__main__":
    unittest.main()
