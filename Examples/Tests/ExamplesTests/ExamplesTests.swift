import AdjointTraining
import Foundation
import Testing

@testable import FirstTraining

/// What all examples keep to, and the first one.
@Suite struct ExamplesTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func sources() throws -> [(path: String, text: String)] {
    let folder = Self.folder.appending(path: "Sources")
    return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.sorted()
      .map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
  }

  @Test func `the first training fits on a page, and reads digits`() async throws {
    let page = try #require(sources().first { $0.path == "FirstTraining/FirstTraining.swift" })
    #expect(page.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 <= 35)
    let confusion = try await FirstTraining.trained(steps: 600)
    #expect(confusion.total == 359, "a fifth of 1,797")
    #expect(confusion.accuracy > 0.93)
  }

  @Test func `no example ends the process as an assertion, or assigns tuples to save a line`() throws {
    var count = 0
    for (path, text) in try sources() {
      count += 1
      for line in text.split(separator: "\n") {
        #expect(!line.contains("fatalError") && !line.contains("try!"), "\(path): \(line)")
        // `(a, b) = (c, d)`, and `let (a, b) = (c, d)`; what a function returns may be taken apart.
        #expect(line.firstMatch(of: #/^\s*((let|var) )?\([\w., ]+\) = \(/#) == nil, "\(path): \(line)")
      }
    }
    #expect(count > 30)
  }

  @Test func `the table has each example with the command that runs it, and is linked`() throws {
    let table = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    let libraries = ["DigitNetworks", "Shared"]
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: "Sources").path)
      .filter { !$0.hasPrefix(".") && !libraries.contains($0) }
    #expect(names.count > 9)
    for name in names {
      let command = "`swift run -c release --package-path Examples \(name)`"
      #expect(table.contains("| [\(name)](Sources/\(name)) |") && table.contains(command), "\(name)")
    }
    let front = try String(contentsOf: Self.folder.appending(path: "../README.md"), encoding: .utf8)
    #expect(front.contains("(Examples/README.md)"))
  }
}
