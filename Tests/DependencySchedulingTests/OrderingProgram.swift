import Foundation

/// A program from Tests/OrderingHarnesses, built with one source file of the package, as it is or weakened.
struct OrderingProgram {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Where the package is.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let sources = root.appending(path: "Sources")

  private let folder: URL
  private var executable: URL { folder.appending(path: "program") }

  /// Compiles `harness` with `file`, in which `weakening` has been applied.
  init(harness: String, file: String, sanitized: Bool, weakening: Weakening? = nil) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "ordering-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let original = try String(contentsOf: Self.sources.appending(path: "\(file).swift"), encoding: .utf8)
    let source = try weakening.map { try $0.apply(to: original) } ?? original
    let changed = folder.appending(path: "Changed.swift")
    try source.write(to: changed, atomically: true, encoding: .utf8)
    let harnesses = Self.root.appending(path: "Tests/OrderingHarnesses")
    let files = [changed] + ["TwoThreads", harness].map { harnesses.appending(path: "\($0).swift") }
    let options = sanitized ? ["-sanitize=thread", "-g"] : ["-O"]
    let result = try Self.call(
      ["swiftc", "-swift-version", "6", "-parse-as-library", "-o", executable.path] + options + files.map(\.path))
    guard result.status == 0 else { throw Failure(description: "swiftc: \(result.output)") }
  }

  enum Verdict {
    case passed
    /// The Thread Sanitizer reported a race.
    case raced
    /// The program itself found something wrong, or crashed.
    case failed
  }

  /// Runs it once.
  func verdict() throws -> Verdict {
    switch try Self.call([executable.path]).status {
    case 0: .passed
    case 66: .raced  // the sanitizer's exit code
    default: .failed
    }
  }

  func remove() {
    try? FileManager.default.removeItem(at: folder)
  }

  private static func call(_ command: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    // A race whose first half the sanitizer has forgotten goes unreported: let it remember more.
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["TSAN_OPTIONS": "history_size=7 exitcode=66"]
    ) { $1 }
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}

extension Weakening {
  /// The source with this ordering weakened.
  func apply(to source: String) throws -> String {
    var lines = source.components(separatedBy: "\n")
    let hits = lines.indices.filter { lines[$0].trimmingCharacters(in: .whitespaces).hasPrefix(line) }
    guard hits.count == 1, lines[hits[0]].contains(".\(ordering))") else {
      throw OrderingProgram.Failure(description: "\(self): found \(hits.count) times, or with another ordering")
    }
    lines[hits[0]] = lines[hits[0]].replacingOccurrences(of: ".\(ordering))", with: ".\(weaker))")
    return lines.joined(separator: "\n")
  }
}
