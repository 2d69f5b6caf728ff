import Foundation

/// What the system says about this process's memory; nothing where there is no `/proc`.
enum ResidentMemory {
  /// The most bytes that were resident since the last ``resetPeak()``.
  static var peak: Int? {
    let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }

  /// Starts a new high-water mark at what is resident now.
  static func resetPeak() {
    let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
    try? file?.write(contentsOf: Data("5".utf8))
    try? file?.close()
  }
}
