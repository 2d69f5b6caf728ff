/// A line of the sources replaced by a wrong one, and what notices it: a mutant.
///
/// `make mutants` puts each into a copy of the package by itself and runs what should notice it.
///
/// ```swift
/// WrongLine(
///   "a failed backward pass leaves the forward pass valid",
///   in: "Sources/Adjoint/Execution/Session.swift",
///   replace: "isForwardCurrent = false",
///   with: "",
///   caughtBy: "AdjointTests.RefusedCallTests")
/// ```
package struct WrongLine: Sendable {
  /// What the wrong line does.
  package let summary: String
  /// The source file, from the package's root.
  package let file: String
  /// A text that occurs exactly once in the file and stands before the replaced one, where that one occurs again.
  package let place: String?
  /// What is replaced. It occurs exactly once in the file, or is its first occurrence after `place`.
  package let text: String
  package let replacement: String
  package let proof: Proof

  /// What notices a wrong line.
  package enum Proof: Sendable, Hashable {
    /// Tests of the package, run after the wrong line has been built.
    case tests(TestName)
    /// A program of two threads around the one source file, in which a weakened memory ordering shows.
    case ordering(OrderingHarness)
    /// The walk through all interleavings of the protocol of waking.
    case walk
  }

  /// A wrong line that tests of the package notice: `tests` is "Target.Suite", or "Target.Suite/`name of a test`".
  ///
  /// They should take ten seconds at most in a debug build, and end by themselves where the wrong line makes them hang.
  package init(
    _ summary: String, in file: String, after place: String? = nil, replace text: String, with replacement: String,
    caughtBy tests: TestName
  ) {
    self.init(summary, in: file, after: place, replace: text, with: replacement, proof: .tests(tests))
  }

  init(
    _ summary: String, in file: String, after place: String? = nil, replace text: String, with replacement: String,
    proof: Proof
  ) {
    (self.summary, self.file, self.place) = (summary, file, place)
    (self.text, self.replacement, self.proof) = (text, replacement, proof)
  }
}

extension WrongLine: CustomStringConvertible {
  package var description: String { "\(file): \(summary)" }
}
