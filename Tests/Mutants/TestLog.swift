import Foundation
import WrongLines

/// What a run of tests reported, line by line as it went: complete up to the moment at which the process ended.
struct TestLog: Equatable {
  /// Identifiers of test functions that began, suites left out.
  private(set) var started: [String] = []
  /// Identifiers of tests with an issue that fails them.
  private(set) var failed: Set<String> = []

  init() {}

  /// - Parameter text: What Swift Testing wrote to `--event-stream-output-path`: a JSON object a line. A last line that
  ///   is cut off is left out.
  init(_ text: String) {
    var functions: Set<String> = []
    for line in text.split(separator: "\n") {
      guard let record = try? JSONDecoder().decode(Record.self, from: Data(line.utf8)) else { continue }
      switch (record.kind, record.payload.kind) {
      case ("test", "function"): if let id = record.payload.id { functions.insert(id) }
      case ("event", "testStarted"):
        if let id = record.payload.testID, functions.contains(id) { started.append(id) }
      case ("event", "issueRecorded"):
        if record.payload.issue?.fails ?? true { failed.insert(record.payload.testID ?? "") }
      default: break
      }
    }
  }

  /// What was reported of the tests that `name` stands for.
  func part(of name: TestName) -> TestLog {
    var part = TestLog()
    part.started = started.filter(name.covers)
    part.failed = failed.filter { name.covers($0) || $0 == name.suite }
    return part
  }

  private struct Record: Decodable {
    let kind: String
    let payload: Payload

    struct Payload: Decodable {
      let kind: String
      let id: String?
      let testID: String?
      let issue: Issue?
    }

    struct Issue: Decodable {
      let isKnown: Bool
      let isFailure: Bool?
      let _severity: String?

      var fails: Bool { isFailure ?? (!isKnown && _severity != "warning") }
    }
  }
}

extension TestName {
  /// Whether a test of this identifier is one of those meant: "AdjointTests.SessionTests/`a step repeats`()/…".
  func covers(_ identifier: String) -> Bool {
    identifier.hasPrefix(suite + "/" + (test.map { $0 + "(" } ?? ""))
  }
}
