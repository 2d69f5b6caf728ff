import Foundation

/// The tool as the suite meets it: a process that answers lines on standard input with lines on standard output.
final class Tool {
  private let process: Process
  private let input: Pipe, output: Pipe
  private var received = Data()

  /// Held from the making of a tool's pipes until it has started. Foundation closes in a new process those descriptors
  /// that it counted before: two that start at once would each keep the other's input open, and neither would ever see
  /// the end of its own.
  private static let starting = NSLock()

  // Executables are built beside the resources of the tests.
  private static let executable =
    Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("gradbench")

  init(_ arguments: String...) throws {
    Self.starting.lock()
    defer { Self.starting.unlock() }
    (process, input, output) = (Process(), Pipe(), Pipe())
    process.executableURL = Self.executable
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  /// The answer to one line.
  func answer(to line: String) throws -> [String: Any] {
    let data = Data(try answerLine(to: line).utf8)
    return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
  }

  /// The line that answers one line; empty if the tool has ended.
  func answerLine(to line: String) throws -> String {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    // Only what has just come is searched: lines are long.
    var searched = received.startIndex
    while true {
      if let end = received[searched...].firstIndex(of: 0x0A) {
        defer { received = Data(received[(end + 1)...]) }
        return String(decoding: received[..<end], as: UTF8.self)
      }
      searched = received.endIndex
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return "" }
      received += more
    }
  }

  /// Closes the tool's input and answers with its exit code.
  func finish() throws -> Int32 {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The exit code of a tool that does not start to serve, and what it says why.
  static func refusal(_ arguments: String...) throws -> (code: Int32, sentence: String) {
    let (process, errors) = try starting.withLock {
      let process = Process(), errors = Pipe()
      process.executableURL = executable
      process.arguments = arguments
      process.standardInput = FileHandle.nullDevice
      process.standardError = errors
      try process.run()
      return (process, errors)
    }
    let sentence = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: sentence, as: UTF8.self))
  }
}
