import Foundation
import Testing

@testable import Adjoint

/// The explanations of a few small programs, word for word, as they stand in `Tests/Explanations`.
///
/// When the compiler has changed, `ADJOINT_WRITE_EXPLANATIONS=1 swift test --filter '^AdjointTests\.ExplanationTests/'`
/// writes them anew, to be read before they are committed.
@Suite(.timeLimit(.minutes(20))) struct ExplanationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    .appending(path: "Explanations").standardized

  @Test(arguments: ExplainedProgram.allCases)
  func `a small program is explained as it was read and committed`(explained: ExplainedProgram) throws {
    let file = Self.folder.appending(path: "\(explained.rawValue).txt")
    let text = try explained.program().explanation
    if ProcessInfo.processInfo.environment["ADJOINT_WRITE_EXPLANATIONS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let committed = try String(contentsOf: file, encoding: .utf8)
    let (lines, others) = (Self.lines(text), Self.lines(committed))
    for (line, other) in zip(lines, others) { #expect(line == other) }
    #expect(lines.count == others.count)
  }

  private static func lines(_ text: String) -> [String] {
    ExplainedProgram.comparable(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
