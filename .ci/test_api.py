"""What .ci/api calls breaking, and what it reads of a symbol graph."""
import importlib.machinery
import importlib.util
import json
import pathlib
import tempfile
import unittest

LOADER = importlib.machinery.SourceFileLoader("api", str(pathlib.Path(__file__).with_name("api")))
api = importlib.util.module_from_spec(importlib.util.spec_from_loader("api", LOADER))
LOADER.exec_module(api)


def symbol(name, path, text):
    return {
        "identifier": {"precise": name}, "pathComponents": path,
        "declarationFragments": [{"spelling": text[:4]}, {"spelling": text[4:]}],
    }


class DeclarationsTest(unittest.TestCase):
    GRAPH = {
        "symbols": [
            symbol("P", ["P"], "protocol P"), symbol("f", ["P", "f()"], "func  f()\n  -> Int"),
            symbol("g", ["P", "g()"], "func g()"), symbol("S", ["S"], "struct S"),
            symbol("s::SYNTHESIZED::S", ["S", "hash"], "func hash()"),
        ],
        "relationships": [
            {"kind": "requirementOf", "source": "f", "target": "P"},
            {"kind": "requirementOf", "source": "g", "target": "P"},
            {"kind": "defaultImplementationOf", "source": "x", "target": "g"},
            {"kind": "conformsTo", "source": "S", "target": "P"},
            {"kind": "conformsTo", "source": "S", "target": "h", "targetFallback": "Swift.Hashable"},
            {"kind": "conformsTo", "source": "S", "target": "c", "targetFallback": "Swift.Copyable"},
        ],
    }
    LINES = [
        "M.P: func f() -> Int  // required", "M.P: func g()", "M.S: is Hashable", "M.S: is P", "M: protocol P",
        "M: struct S",
    ]

    def test_a_line_a_declaration(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "M.symbols.json").write_text(json.dumps(self.GRAPH))
            self.assertEqual(api.declarations(path), self.LINES)
        self.assertEqual(sum(map(api.is_declaration, self.LINES)), 4)

    def test_what_is_gone_breaks_and_what_is_new_does_not(self):
        for line in self.LINES:
            self.assertEqual(api.breaking(self.LINES, [other for other in self.LINES if other != line]), [line])
        self.assertEqual(api.breaking(self.LINES, self.LINES + ["M: func new()", "M.S: is Sendable"]), [])

    def test_a_protocol_that_asks_for_more_breaks(self):
        more = "M.P: func h()  // required"
        self.assertEqual(api.breaking(self.LINES, self.LINES + [more, "M.P: func i()"]), [more])
        new = ["M: protocol Q", "M.Q: func f()  // required"]
        self.assertEqual(api.breaking(self.LINES, self.LINES + new), [])


if __name__ == "__main__":
    unittest.main()
