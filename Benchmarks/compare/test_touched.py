"""python3 -m unittest discover --start-directory Benchmarks/compare"""

import subprocess
import tempfile
import unittest
from pathlib import Path

import touched
from touched import DOCUMENTATION, ORACLES, OWN, SHARED, TESTS


class History(unittest.TestCase):
    """A repository of a few commits."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.repository = Path(self.folder.name)
        self.git("init", "--quiet")

    def git(self, *words):
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(self.repository), *identity, *words], check=True, capture_output=True)

    def commit(self, subject, **files):
        for path, text in files.items():
            path = self.repository / path.replace("__", "/").replace("_swift", ".swift").replace("_md", ".md")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)

    def test_files_are_told_apart_by_what_they_are(self):
        self.commit("Begin", Sources__Catalog_swift="a", Tests__KernelsTests__Support_swift="b", README_md="c")
        self.commit(
            "Gate softsign: a sentence", Sources__Catalog_swift="A", Sources__Softsign_swift="s", README_md="C",
            Sources__AdjointTesting__Formulas_swift="f", Tests__KernelsTests__Support_swift="B",
            Tests__AdjointTests__SoftsignTests_swift="t")
        self.commit("Afterwards", README_md="d")
        name = touched.commit(self.repository, "Gate softsign")
        self.assertEqual(touched.touched(self.repository, name), {
            OWN: ["Sources/Softsign.swift"], SHARED: ["Sources/Catalog.swift"],
            ORACLES: ["Sources/AdjointTesting/Formulas.swift", "Tests/KernelsTests/Support.swift"],
            TESTS: ["Tests/AdjointTests/SoftsignTests.swift"], DOCUMENTATION: ["README.md"]})

    def test_the_newest_commit_whose_subject_begins_so_is_meant(self):
        self.commit("Gate one", a_swift="1")
        self.commit("Mention Gate one", b_swift="1")
        self.commit("Gate one again", c_swift="1")
        self.commit("Gate one, squashed", d_swift="1")
        self.commit("An end to Gate one", e_swift="1")
        for words, path in [("Gate one", "d.swift"), ("Gate one again", "c.swift"), ("Mention", "b.swift")]:
            (_, files), = touched.found(self.repository, [("a title", words), ("another", "Gate two")])
            self.assertEqual(files[OWN], [path])
            self.assertEqual(touched.row("a title", files), ["a title", "1", "0", "0", "0", "0"])

    def test_a_moved_file_counts_once(self):
        self.commit("Begin", a_swift="1\n2\n3\n")
        (self.repository / "folder").mkdir()
        self.git("mv", "a.swift", "folder/a.swift")
        self.git("commit", "--quiet", "--message", "Move")
        self.assertEqual(touched.touched(self.repository, "HEAD")[SHARED], ["folder/a.swift"])


class Contributing(unittest.TestCase):
    def test_the_counts_are_what_the_commits_say(self):
        lines = (touched.REPOSITORY / "CONTRIBUTING.md").read_text().splitlines()
        for title, words in touched.ADDITIONS:
            with self.subTest(title):
                stated = [line for line in lines if line.startswith(f"| {title} |")]
                self.assertEqual(len(stated), 1)
                there = touched.found(touched.REPOSITORY, [(title, words)])
                if not there:
                    self.skipTest("the history here does not reach back to it")
                self.assertEqual(stated[0], "| " + " | ".join(touched.row(*there[0])) + " |")


if __name__ == "__main__":
    unittest.main()
