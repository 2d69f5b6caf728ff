"""python3 -m unittest discover --start-directory Benchmarks/compare"""

import json
import os
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import contenders
import installing
import machine
import report
import schedules
import sweeps
from goals import BEFORE, CHOSEN, FIRST, RUNS, SHARED, Goal, grouped_goal, scheduling_goal, training_goal
from missing import Missing
from options import command, note_what_was_not_asked, options
from programs import (
    SCHEDULING, TRAINING, Failure, Program, Row, Sample, defines, jax_variants, measure, parse_scheduling,
    parse_training, variants)
from published import DISPENSO, TASKFLOW
from ratios import Figures, judge, relative_errors, still_in_the_race
from turns import Turns

LINE = "tbb,S2,2,0,1048575,1048574,150.00,110.00,30.00,40.00,32.50,31.00,35.00,220.0,230.0,240.0,1,2,1.98,8388600"


def sample(median, minimum=None, **more):
    return Sample(median=median, minimum=median if minimum is None else minimum, **more)


class Parsing(unittest.TestCase):
    def test_a_scheduling_line_gives_the_median_and_the_minimum_of_the_runs(self):
        read = parse_scheduling("a warning\n" + LINE + "\n")
        self.assertEqual((read.median, read.minimum, read.check["checksum"]), (32.5, 31, 8388600))
        self.assertEqual((read.first_run, read.version), (40, "tbb"))

    def test_another_number_of_columns_is_no_figure(self):
        for text in ["", "S2", LINE + ",1"]:
            with self.assertRaises(Failure):
                parse_scheduling(text)

    def test_a_training_line_is_found_among_others(self):
        read = parse_training(
            'noise\n{"median_ms": 2.5, "min_ms": 2.0, "first_step_after_graph_s": 0.03, '
            '"check": {"loss": 1, "grad_sumsq": 2}}\nnoise')
        self.assertEqual((read.median, read.minimum, read.first_step_ms), (2.5, 2.0, 30))
        with self.assertRaises(Failure):
            parse_training("nothing")

    def test_a_peers_variants_are_those_it_defines(self):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "peer.py"
            source.write_text("def f_lstm(p):\n    pass\ndef f_lstm_alt2(p):\n    pass\n")
            self.assertEqual(jax_variants(source, "lstm"), ["jit", "alt2"])
            self.assertFalse(defines(source, "lstm", "_alt"))
            self.assertEqual(variants(source, "lstm", ["eager", "compile"]), ["eager", "compile"])
            source.write_text("def f_lstm_alt(p):\n    pass\n")
            self.assertEqual(variants(source, "lstm", ["eager"]), ["eager", "eager_alt"])


class Ratios(unittest.TestCase):
    def test_figures_are_the_median_of_medians_and_the_least_of_all(self):
        figures = Figures.of("x", [sample(4, 3), sample(2, 1), sample(3, 2)])
        self.assertEqual((figures.median, figures.minimum, figures.lowest, figures.highest), (3, 1, 2, 4))
        self.assertAlmostEqual(figures.spread, 2 / 3)

    def test_the_best_peer_counts_for_medians_and_for_minima_apart(self):
        ours = Figures.of("ours", [sample(3, 3)])
        steady, lucky = Figures.of("steady", [sample(4, 4)]), Figures.of("lucky", [sample(6, 2)])
        verdict = judge(ours, [steady, lucky], Goal(0.75))
        self.assertEqual((verdict.best.name, verdict.ratio, verdict.ratio_of_minima), ("steady", 0.75, 1.5))
        self.assertTrue(verdict.met)
        self.assertFalse(judge(ours, [steady, lucky], Goal(0.74)).met)

    def test_without_a_peer_only_an_absolute_goal_is_judged(self):
        ours = Figures.of("ours", [sample(3)])
        self.assertIsNone(judge(ours, [], Goal(0.2)).met)
        self.assertTrue(judge(ours, [], Goal(absolute=3)).met)
        self.assertFalse(judge(ours, [], Goal(absolute=2.9)).met)

    def test_a_goal_that_allows_noise_is_missed_by_more_than_the_turns_differ(self):
        aim = Goal(0.5, noise=0.1)
        for medians, limit in [((10, 10), 0.5), ((10, 10.4), 0.52), ((5, 20), 0.55)]:
            peer = Figures.of("peer", [sample(median) for median in medians])
            verdict = judge(Figures.of("ours", [sample(1)]), [peer], aim)
            self.assertAlmostEqual(verdict.limit, limit, delta=0.001)
        peer = Figures.of("peer", [sample(10), sample(10)])
        self.assertFalse(judge(Figures.of("ours", [sample(5.1), sample(5.1)]), [peer], aim).met)
        self.assertTrue(judge(Figures.of("ours", [sample(5), sample(5.3)]), [peer], aim).met)
        self.assertIsNone(judge(Figures.of("ours", [sample(5)]), [peer], None).met)

    def test_a_variant_leaves_the_race_when_far_behind_its_own_peer_only(self):
        samples = {"a jit": [sample(10)], "a alt": [sample(16)], "b": [sample(100)], "silent": []}
        peers = {"a jit": "a", "a alt": "a", "b": "b", "silent": "a"}
        self.assertEqual(still_in_the_race(samples, peers), {"a jit", "b"})

    def test_errors_are_relative_to_the_reference(self):
        errors = relative_errors({"loss": 1.01, "grad_sumsq": 2}, {"loss": 1.0, "grad_sumsq": 2.0, "per_param": {}})
        self.assertAlmostEqual(errors["loss"], 0.01)
        self.assertEqual(errors["grad_sumsq"], 0)


class Goals(unittest.TestCase):
    def test_goals_depend_on_the_row(self):
        one, two, large = Row("scheduling", "S2", 1), Row("scheduling", "S2", 2), Row("scheduling", "S6", 2)
        split = Goal(1.03, against=("ours, bodies",))
        self.assertEqual([scheduling_goal(row, CHOSEN).ratio for row in (one, two)], [0.0609, 0.0771])
        self.assertEqual([scheduling_goal(row, SHARED) for row in (one, two)], [None, Goal(0.3)])
        self.assertEqual([scheduling_goal(large, run) for run in (CHOSEN, SHARED)], [split, split])
        self.assertEqual([scheduling_goal(row, FIRST) for row in (one, two, large)], [Goal(2, against=("ours",))] * 3)
        self.assertIsNone(scheduling_goal(Row("scheduling", "S2", 4), CHOSEN))
        self.assertEqual(grouped_goal(large), split)
        self.assertEqual(grouped_goal(Row("scheduling", "S6", 1)), Goal(2, against=("replay",)))
        self.assertEqual(training_goal(Row("training", "tiny_mlp", 2)), Goal(0.2))
        self.assertEqual(training_goal(Row("training", "tiny_mlp", 1)), Goal(1))
        self.assertEqual(training_goal(Row("training", "scalar_chain", 1)).absolute, 0.05)

    def test_every_schedule_has_a_goal_and_published_figures_have_onetbb_s_beside_them(self):
        self.assertEqual(list(BEFORE), SCHEDULING)
        self.assertEqual(set(TASKFLOW.figures), set(SCHEDULING))
        for other in (TASKFLOW, DISPENSO):
            self.assertEqual(set(other.figures), set(other.tbb))
        self.assertEqual(DISPENSO.at("S6", 1), (30_240, 30_240 / 30_600))
        self.assertIsNone(DISPENSO.at("S3M", 1))
        self.assertIsNone(TASKFLOW.at("S1", 4))


class Measuring(unittest.TestCase):
    row = Row("scheduling", "S2", 2)

    def program(self, code, name="ours", peer="ours", options=(), says=""):
        return Program(name, peer, (sys.executable, "-c", code), options, says)

    def ask(self, program, patience=20):
        return measure(program, self.row, 1, 1, patience, dict(os.environ))

    def test_a_program_is_called_with_the_row(self):
        read = self.ask(self.program(f"import sys; assert sys.argv[1:] == ['S2', '2', '1']; print('{LINE}')"))
        self.assertEqual(read.median, 32.5)

    def test_two_copies_at_once_have_a_thread_each_and_halve_a_step(self):
        code = ("import json, os, sys; assert sys.argv[3:5] == ['--threads', '1']; "
                "print(json.dumps({'median_ms': 6, 'min_ms': 4, 'check': {}}))")
        twice = Program("twice", "floor", (sys.executable, "-c", code), alone_twice=True)
        read = measure(twice, Row("training", "mlp", 2), 1, 1, 20, dict(os.environ))
        self.assertEqual((read.median, read.minimum), (3, 2))

    def test_touching_more_memory_takes_longer(self):
        little = min(machine.first_touch_ms(1) for _ in range(5))
        self.assertGreater(machine.first_touch_ms(200), 5 * little)

    def test_failing_and_dawdling_programs_say_why(self):
        with self.assertRaisesRegex(Failure, "exit code 3: oh no"):
            self.ask(self.program("import sys; print('oh no', file=sys.stderr); sys.exit(3)"))
        with self.assertRaisesRegex(Failure, "given up after the 0.2 s of --patience"):
            self.ask(self.program("import time; time.sleep(10)"), patience=0.2)

    def test_a_program_that_ignores_an_option_is_not_taken_for_one_that_knows_it(self):
        for line in (LINE.replace("tbb", "adjoint"), LINE.replace("tbb", "adjoint-grouped-shared")):
            with self.assertRaisesRegex(Failure, "--grouped"):
                self.ask(self.program(f"print('{line}')", options=("--grouped",), says="adjoint-grouped"))

    def test_turns_alternate_and_leave_out_what_fails(self):
        good, bad = self.program(f"print('{LINE}')"), self.program("raise SystemExit(1)", name="bad")
        missing = Missing()
        turns = Turns({self.row: [good, bad]}, 1, 1, 20, dict(os.environ), missing)
        for turn in range(3):
            turns.take(turn, 3)
        self.assertEqual(len(turns.samples[self.row]["ours"]), 3)
        self.assertEqual(missing.lines(), ["bad: exit code 1: no message (S2 at 2)"])

    def test_what_fails_at_one_number_of_threads_is_not_asked_at_another(self):
        with tempfile.TemporaryDirectory() as folder:
            calls = Path(folder) / "calls"
            bad = self.program(f"open({str(calls)!r}, 'a').write('x'); raise SystemExit(1)")
            missing = Missing()
            turns = Turns({Row("scheduling", "S2", n): [bad] for n in (1, 2)}, 1, 1, 20, dict(os.environ), missing)
            turns.take(0, 1)
            self.assertEqual(calls.read_text(), "x")
            self.assertEqual(missing.lines(), ["ours: exit code 1: no message (S2 at 1 and 2)"])

    def test_an_interruption_names_who_has_no_figure(self):
        first, second = (self.program(f"print('{LINE}')", name) for name in ("ours", "later"))
        missing = Missing()
        turns = Turns({self.row: [first, second]}, 1, 1, 20, dict(os.environ), missing)
        turns.call(first, self.row)
        turns.note_interruption(0, 3)
        self.assertEqual(missing.lines(), ["later: interrupted before it was asked (S2 at 2)"])
        turns.note_interruption(1, 3)
        self.assertIn("the other turns: interrupted in turn 2 of 3", missing.lines())

    def test_a_line_that_cannot_be_read_is_no_figure(self):
        for text in ('{"median_ms": 1}', '{"median_ms": '):
            with self.assertRaisesRegex(Failure, "cannot be read"):
                program = Program("peer", "peer", (sys.executable, "-c", f"print({text!r})"))
                measure(program, Row("training", "mlp", 2), 1, 1, 20, dict(os.environ))

    def test_a_slow_variant_is_dropped_after_the_first_turn_and_the_report_says_so(self):
        slow = LINE.replace("32.50", "95.00")
        programs = [self.program(f"print('{line}')", name, "tbb") for name, line in (("fast", LINE), ("slow", slow))]
        missing = Missing()
        turns = Turns({self.row: programs}, 1, 1, 20, dict(os.environ), missing)
        for turn in range(2):
            turns.take(turn, 2)
        self.assertEqual({name: len(taken) for name, taken in turns.samples[self.row].items()}, {"fast": 2, "slow": 1})
        self.assertRegex("\n".join(missing.lines()), r"^slow: asked in the first turn only.*\(S2 at 2\)$")
        once = Missing()
        Turns({self.row: programs}, 1, 1, 20, dict(os.environ), once).take(0, 1)
        self.assertEqual(once.lines(), [])


class Asking(unittest.TestCase):
    row = Row("training", "lstm", 2)

    def asked(self, absent=(), quick=False, compiler="g++"):
        """The names of who is asked, and what the report says of the others."""
        missing = Missing()
        with tempfile.TemporaryDirectory() as folder:
            for _, _, source, _ in contenders.FRAMEWORKS:
                (Path(folder) / source).write_text("def f_lstm_alt(p):\n    pass\n")
            setting = contenders.Setting(Path("bin"), {}, Path("python"), dict(absent), Path(folder), quick, missing)
            with unittest.mock.patch.object(installing, "compiler", lambda: compiler):
                return [program.name for program in setting.contenders(self.row)][2:], missing.lines()

    def test_every_variant_of_every_framework_is_asked_or_said_to_be_left_out(self):
        names, left_out = self.asked()
        self.assertEqual(len(names), 2 + 6 + 4 + 4)
        self.assertEqual(left_out, [])
        self.assertIn("MLX compile_alt", names)
        absent = {"jax": "not in the environment", "tensorflow": "left out by --without tensorflow"}
        names, left_out = self.asked(absent, compiler=None)
        self.assertEqual(names, ["PyTorch eager", "PyTorch eager_alt", "MLX eager", "MLX eager_alt"])
        self.assertEqual(len(left_out), 6 + 2)
        self.assertIn("JAX: not in the environment (lstm at 2)", left_out)
        self.assertIn("TensorFlow: left out by --without tensorflow (lstm at 2)", left_out)

    def test_what_pytorch_compiles_is_asked_unless_it_is_to_be_quick(self):
        compiled = ["PyTorch compile", "PyTorch compile_alt", "PyTorch compile_step", "PyTorch compile_step_alt"]
        names, left_out = self.asked()
        self.assertLessEqual(set(compiled), set(names))
        self.assertEqual(left_out, [])
        names, left_out = self.asked(quick=True)
        self.assertEqual([name for name in names if name.startswith("PyTorch")], ["PyTorch eager", "PyTorch eager_alt"])
        self.assertEqual(
            left_out,
            [f"{name}: left out by --quick: it compiles for longer than that (lstm at 2)" for name in compiled])

    def test_a_schedule_is_run_as_chosen_and_shared_out(self):
        setting = contenders.Setting(Path("bin"), {"tbb": Path("tbb")}, None, {
            "serial": "no g++", "replay": "no g++", "split": "no g++"}, Path("none"), False, missing := Missing())
        asked = {program.name: program for program in setting.contenders(Row("scheduling", "S1", 2))}
        self.assertEqual(asked["ours, shared"].arguments(Row("scheduling", "S1", 2), 7, 3)[1:],
                         ("S1", "2", "7", "--sharing", "always"))
        self.assertEqual({name: program.says for name, program in asked.items()}, {
            "ours": "adjoint", "ours, shared": "adjoint-shared", "ours, grouped": "adjoint-grouped",
            "ours, bodies": "adjoint-bodies", "oneTBB": ""})
        self.assertLessEqual({*schedules.OURS.values(), schedules.PEER}, set(asked))
        self.assertEqual(missing.lines(), [f"{name}: no g++ (S1 at 2)" for name in installing.FLOORS])

    def test_a_package_that_is_not_there_is_said_to_be_missing(self):
        with unittest.mock.patch.object(installing, "imports", lambda python, package: package == "jax"):
            self.assertEqual(
                list(installing.without("python", installing.PACKAGES)), ["torch", "tensorflow", "mlx.core"])

    def test_rows_that_were_not_asked_are_named(self):
        missing = Missing()
        note_what_was_not_asked(options(["--threads", "2"]), missing)
        self.assertEqual(missing.lines(), ["all: not asked, by --threads (1 thread)"])
        missing = Missing()
        note_what_was_not_asked(options(["--only", ",".join(SCHEDULING + TRAINING[1:])]), missing)
        self.assertEqual(missing.lines(), ["all: not asked, by --only (mlp, scalars)"])

    def test_runs_that_are_not_settled_are_not_compared(self):
        self.assertEqual((options([]).runs, options(["--quick"]).runs), (15, 9))
        self.assertEqual(options(["--quick", "--patience", "60"]).patience, 60)
        with unittest.mock.patch("sys.stderr"), self.assertRaises(SystemExit):
            options(["--runs", "8"])

    def test_the_report_names_the_command_without_this_machine_s_folders(self):
        for words, named in {
            "--peers /there --python /here": "make compare",
            "--quick": 'make compare ARGUMENTS="--quick"',
            "--quick --turns 3 --python /here": 'make compare ARGUMENTS="--quick --turns 3"',
            "--quick --patience 60": 'make compare ARGUMENTS="--quick --patience 60"',
            "--without torch,tbb": 'make compare ARGUMENTS="--without torch,tbb"',
            "--only S2,mlp --seconds 1 --threads 2": 'make compare ARGUMENTS="--seconds 1 --threads 2 --only S2,mlp"',
        }.items():
            self.assertEqual(command(options(words.split())), named)


class Machine(unittest.TestCase):
    def test_every_framework_s_version_is_told(self):
        taken = {name: [sample(1, version=version)] for name, version in (
            ("ours", ""), ("TensorFlow xla", "2.20"), ("MLX eager", "0.32"), ("JAX jit", "0.10"))}
        samples = {Row("training", "mlp", 1): taken, Row("scheduling", "S1", 1): {"oneTBB": [sample(1, version="tbb")]}}
        self.assertEqual(machine.versions(samples), [("JAX", "0.10"), ("MLX", "0.32"), ("TensorFlow", "2.20")])

    def test_the_commit_measured_is_named_and_changes_are_told(self):
        with tempfile.TemporaryDirectory() as folder:
            def git(*words):
                installing.run("git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", *words, check=True)

            package = Path(folder) / "Benchmarks"
            (package / "results").mkdir(parents=True)
            (package / "source").write_text("1")
            git("init", "--quiet")
            git("add", ".")
            git("commit", "--quiet", "--message", "one")
            (package / "results" / "comparison.md").write_text("another table")
            self.assertRegex(machine.commit(package), "^[0-9a-f]{7,}$")
            (package / "source").write_text("2")
            self.assertRegex(machine.commit(package), "^[0-9a-f]{7,} with changes$")


class Report(unittest.TestCase):
    def test_the_report_says_what_is_met_and_what_was_not_run(self):
        samples = {
            Row("scheduling", "S2", 1): {
                "ours": [sample(6, first_run=9)], "ours, shared": [sample(7)], "oneTBB": [sample(30, first_run=90)],
                "replay": [sample(3)]},
            Row("scheduling", "S2", 2): {
                "ours": [sample(2, first_run=9), sample(2.25, first_run=9)], "ours, shared": [sample(12)],
                "oneTBB": [sample(30, first_run=90)]},
            Row("scheduling", "S6", 2): {
                "ours": [sample(102, first_run=150)], "ours, grouped": [sample(104)], "ours, bodies": [sample(100)],
                "split": [sample(80)], "ours, shared": [sample(103.5)], "oneTBB": [sample(200, first_run=300)]},
            Row("training", "mlp", 2): {
                "ours": [
                    sample(time, 1.5, first_step_ms=70, peak_mb=40, check={"loss": 1.0, "grad_sumsq": 2.0})
                    for time in (1.5, 2.25, 1.5)],
                "JAX jit": [sample(3, peak_mb=300)], "ours, twice at once": [sample(1.25)]},
            Row("training", "mlp", 1): {"ours": [sample(2.5, first_step_ms=7, peak_mb=40, check={"loss": 1.0, "grad_sumsq": 2.0})]},
        }
        peers = {"ours": "ours", "ours, shared": "ours", "ours, grouped": "ours", "ours, twice at once": "floor",
                 "oneTBB": "tbb", "replay": "floor", "ours, bodies": "floor", "split": "floor", "JAX jit": "jax"}
        missing = Missing()
        for row in (Row("training", "mlp", 1), Row("training", "mlp", 2)):
            missing.add("PyTorch", "not installed", row)
        missing.add("PyTorch compile", "left out by --quick", Row("training", "mlp", 2))
        missing.add("JAX jit", "asked in the first turn only", Row("training", "mlp", 2))
        missing.add("serial", "no g++", Row("scheduling", "S6", 2))
        missing.add("all", "not asked, by --only", "alexnet")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "comparison.md"
            report.write(
                path, "make compare", samples, peers, {}, {"mlp": {"loss": 1.0, "grad_sumsq": 2.1}}, [("cores", "2")], "How.", missing)
            text = path.read_text()
        for line in (
            "| S2 | 1 | chosen | 6 (6) | – | 30 (30) | – | 0.2 | 0.2 | ≤ 0.0609 | **no** | 35 (1) | 35 (0.35) |",
            "| S2 | 1 | shared | 7 (7) | – | 30 (30) | – | 0.233 | 0.233 | – | – | 35 (1) | 35 (0.35) |",
            "| S2 | 1 | first run | 9 (9) | – | 90 (90) | – | 0.1 | 0.1 | ≤ 2 of the settled run (1.5) | yes | – | – |",
            "| S2 | 2 | chosen | 2.12 (2) | 12% | 30 (30) | – | 0.0708 | 0.0667 | ≤ 0.0848 (0.0771 and the noise) | yes |",
            "| S2 | 2 | shared | 12 (12) | – | 30 (30) | – | 0.4 | 0.4 | ≤ 0.3 | **no** | 64 (2) | 48 (0.361) |",
            "| S2 | 2 | first run | 9 (9) | 0% | 90 (90) | – | 0.1 | 0.1 | ≤ 2 of the settled run (4.24) | **no** |",
            "| 0.51 | 0.51 | ≤ 1.03 of our bodies (1.02); of g++'s 1.27 | yes |",
            "| 0.517 | 0.517 | ≤ 1.03 of our bodies (1.03); of g++'s 1.29 | **no** |",
            "| threads | figure | S2 | S6 |", "| 1 | shared | 0.233 | – |", "| 2 | first run | 0.1 | 0.5 |",
            "| 2 | dispenso, published | 0.361 | 1.08 |", "| 1 | shared | 7 | – |", "| 2 | first run | 9 | 150 |",
            "| 2 | oneTBB | 30 | 200 |", "| 2 | oneTBB, first run | 90 | 300 |", "| 2 | Taskflow, published | 64 | 9,936 |",
            "| S6 | 2 | 100 | 80 | – | – | 102 | 104 | 1.04 | ≤ 1.03 of our bodies | **no** | serial |",
        ):
            self.assertIn(line, text)
        self.assertIn("| mlp | 2 | 1.5 (1.5) | 50% | JAX jit | 3 (3) | – | 0.5 | 0.5 | ≤ 0.8 | yes | PyTorch, PyTorch compile |", text)
        self.assertIn("| mlp | 2 | 70 | **no** | 40 | – | JAX 300 | 4.8e-02 | **no** |", text)
        self.assertIn("| S2 | 0.354 | 0.333 | 12% | – | ≤ 1.1 | yes |", text)
        self.assertIn("| mlp | 0.6 | 0.6 | 50% | 0.5 | ≤ 0.556 | **no** |", text)
        self.assertIn("- PyTorch: not installed (mlp at 1 and 2)\n- PyTorch compile: left out by --quick (mlp at 2)", text)
        self.assertIn("- all: not asked, by --only (alexnet)", text)
        self.assertIn("![Ratios to the best peer](comparison.svg)", text)
        self.assertEqual(report.ratios(samples, peers), {
            "scheduling, chosen": [["S2", 1, 0.2], ["S2", 2, 2.125 / 30], ["S6", 2, 0.51]],
            "scheduling, shared": [["S2", 1, 7 / 30], ["S2", 2, 0.4], ["S6", 2, 103.5 / 200]],
            "scheduling, first run": [["S2", 1, 0.1], ["S2", 2, 0.1], ["S6", 2, 0.5]],
            "training": [["mlp", 2, 0.5]]})

    def test_a_table_without_peers_says_why_there_is_no_chart(self):
        row = Row("training", "mlp", 1)
        alone = {row: {"ours": [sample(2, first_step_ms=7, peak_mb=40)]}}
        missing = Missing()
        missing.add("JAX", "left out by --without jax", row)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "comparison.md"
            report.write(
                path, "make compare", alone, {"ours": "ours"}, {}, {}, [], "How.", missing, "there is nothing to compare")
            text = path.read_text()
        self.assertIn("There is no chart: there is nothing to compare.", text)
        self.assertIn("| mlp | 1 | 2 (2) | – | – | – | – | – | – | ≤ 1 | – | JAX |", text)
        self.assertNotIn("## Scheduling", text)
        self.assertNotIn("comparison.svg", text)

    def test_scalar_graphs_show_forward_and_backward_beside_their_sum(self):
        line = {"gates": 1_000_000, "build_ns": 100, "compile_ns": 50, "forward_median_ns": 2.5, "backward_median_ns": 1.5,
                "step_median_ns": 4, "session_bytes": 10, "first_step_ns": 9, "process_bytes": 300}
        self.assertIn("| chain | 1,000,000 | 150 | yes | 2.5 | 1.5 | 4 | yes | 10 |", report.scalars({"chain": [line]}))
        swept = sweeps.scalars_table(f"{json.dumps(line)}\nbytes of the session grows: 1 a gate\n")
        self.assertEqual(swept.splitlines()[2:], ["| 1,000,000 | 100 | 50 | 9 | 2.5 | 1.5 | 4 | 10 | 300 |"])

    def test_a_size_at_which_width_2_is_slower_is_marked(self):
        read = sweeps.widths_table(
            "gates, units, width 1 ns a step, width 2 ns a step, ratio, noise\n1, 1, 40, 41, 1.01, 0.02\n"
            "2048, 3, 4000, 9000, 2.25, 0.03  slower\nslower at width 2: graphs of 2048, 4096 gates\n")
        self.assertEqual(read.splitlines()[2:], [
            "| 1 | 1 | 40 | 41 | 1.01 | 0.02 | – |", "| 2,048 | 3 | 4,000 | 9,000 | 2.25 | 0.03 | slower |"])


if __name__ == "__main__":
    unittest.main()
