import Foundation

@testable import WrongLines
@testable import mutants

extension Entry {
  /// An entry that replaces "right" by `wrong` in the file A.swift.
  static func sample(_ wrong: String, by name: TestName = "ATests.Suite", area: String = "arithmetic") -> Entry {
    let line = WrongLine(wrong, in: "Sources/A/A.swift", replace: "right", with: wrong, caughtBy: name)
    return Entry(area: area, line: line)
  }
}

extension TestLog {
  /// The log of a run in which tests of these identifiers began, and of which some failed.
  init(started: [String], failed: [String] = []) {
    let tests = started.map { #"{"kind":"test","payload":{"kind":"function","id":"\#($0)"},"version":0}"# }
    let starts = started.map { #"{"kind":"event","payload":{"kind":"testStarted","testID":"\#($0)"},"version":0}"# }
    let issues = failed.map { test in
      #"{"kind":"event","payload":{"kind":"issueRecorded","testID":"\#(test)","issue":{"isKnown":false}}}"#
    }
    self.init((tests + starts + issues).joined(separator: "\n"))
  }
}

/// Calls `body` with a folder of its own, which is removed afterwards.
@discardableResult func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "mutants-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}
