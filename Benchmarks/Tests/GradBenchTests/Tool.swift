import Foundation

/// The tool as the suite meets it: a process that answers lines on standard input with lines on standard output.
final class Tool {
  private let process = Process()
  private let input = Pipe(), output = Pipe()
  private var received = Data()

  init(_ arguments: String...) throws {
    // Executables are built beside the resources of the tests.
    process.executableURL = Bundle.module.bundleURL.deletingLastPathComponent().appendingPathComponent("gradbench")
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
    while !received.contains(0x0A) {
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return "" }
      received += more
    }
    let end = received.firstIndex(of: 0x0A)!
    defer { received = Data(received[(end + 1)...]) }
    return String(decoding: received[..<end], as: UTF8.self)
  }

  /// Closes the tool's input and answers with its exit code.
  func finish() throws -> Int32 {
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
