"""Counting, and that our models are about as short as PyTorch's. Needs no PyTorch."""
import pathlib
import runpy
import unittest

import counting

models = runpy.run_path(str(pathlib.Path(__file__).parent / "__main__.py"))


class Counting(unittest.TestCase):
    def test_swift_without_comments_imports_and_blanks(self):
        text = "import Adjoint\n\n/// What it is.\nlet x =  1 // one\n  let importance = x\n"
        self.assertEqual(counting.swift(text), ["let x = 1", "let importance = x"])
        self.assertEqual(counting.count(counting.swift(text)), 9 + 1 + 18)

    def test_python_without_comments_documentation_imports_and_blanks(self):
        text = '"""What\nit is."""\nimport torch\nfrom torch import nn\n\ndef f(a,  # a number\n      b="# b"):\n'
        text += '    """Documentation."""\n    # more\n    return "import", b\n'
        self.assertEqual(counting.python(text), ["def f(a,", 'b="# b"):', 'return "import", b'])

    def test_nothing_of_our_models_is_lost(self):
        for _, ours, _, _ in models["MODELS"]:
            text = (models["OURS"] / ours).read_text()
            self.assertNotIn("/*", text)
            for line in text.split("\n"):
                self.assertEqual(line.split("//")[0].count('"') % 2, 0, line)


class Lengths(unittest.TestCase):
    def test_each_model_is_at_most_a_fifth_longer_than_in_pytorch(self):
        for name, here, there, _ in models["counts"]():
            self.assertGreater(min(here, there), 500, name)
            self.assertLessEqual(here, 1.2 * there, name)

    def test_the_committed_table_is_that_of_today(self):
        self.assertEqual(models["TABLE"].read_text(), models["page"](), "python3 Benchmarks/models --write")


if __name__ == "__main__":
    unittest.main()
