import Foundation
import StressScale
import Testing

@testable import DependencyScheduling

/// A test that waits for ever is ended: every suite of every target has a limit, and here each test is watched.
@Suite(.timeLimit(.minutes(20)), .watched()) struct SuiteLimitTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  /// The sources of all tests, by their path.
  private func sources() throws -> [(path: String, text: String)] {
    // Through the folder that a link stands for, if this one was reached by one.
    let folder = Self.folder.resolvingSymlinksInPath()
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.sorted()
      .map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
  }

  /// The attribute that begins at each `@Suite`, up to the type it is of.
  private func suites(in text: String) -> [Substring] {
    text.ranges(of: "@Suite").filter { range in
      // Not one that stands in a text.
      let line = text[..<range.lowerBound].split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
      return line.allSatisfy(\.isWhitespace)
    }.map { range in
      let rest = text[range.lowerBound...]
      return rest[..<(rest.firstRange(of: "struct ")?.lowerBound ?? rest.endIndex)]
    }
  }

  @Test func `every suite has a limit, and those that wait for workers are watched`() throws {
    var count = 0
    for (path, text) in try sources() {
      for suite in suites(in: text) {
        count += 1
        // All tests begin at once, so that each has waited for most of the others when it ends.
        #expect(suite.contains(".timeLimit(.minutes(20))"), "\(path): \(suite)")
        guard path.hasPrefix("DependencySchedulingTests/") || path.hasPrefix("StressTests/") else { continue }
        #expect(suite.contains(".watched("), "\(path): \(suite)")
      }
    }
    #expect(count > 30)
  }

  @Test func `every test belongs to a suite`() throws {
    for (path, text) in try sources() where text.contains("\n  @Test") || text.contains("\n    @Test") {
      #expect(!suites(in: text).isEmpty || text.contains("\nextension "), "\(path) has tests and no suite")
    }
  }

  @Test func `what does not end says where it waits, and ends the process`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let executor = GraphExecutor.sharing(width: 2)
      let never = Tally()
      try withWatchdog(seconds: StressScale.isSanitized ? 0.05 : 1, executor: executor) {
        try executor.run(TestGraphs.independent(2)) { _ in waitUntil { never.value > 0 } }
      }
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("SuiteLimitTests.swift:"))
    #expect(said.contains("not done within 1.0 seconds"))
    #expect(said.contains("width 2, 1 seats vacant, 0 searching, no jobs"))
    #expect(said.contains("occupied: seat 0"))
    #expect(said.contains("run of 2 units, 2 not counted as done: open, caller working, 1 of 1 seats inside"))
    #expect(said.contains("an executor that is not at rest: width 2"))
  }
}
