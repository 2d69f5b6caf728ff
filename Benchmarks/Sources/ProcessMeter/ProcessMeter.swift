internal import Foundation

/// What the system says about this process.
package enum ProcessMeter {
  /// Monotonic time in nanoseconds.
  package static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  /// How many nanoseconds `body` takes.
  package static func time(_ body: () throws -> Void) rethrows -> Double {
    let start = now()
    try body()
    return now() - start
  }

  package struct Usage: Sendable {
    package var processorSeconds = 0.0
    package var involuntarySwitches = 0
    package var voluntarySwitches = 0

    package init(processorSeconds: Double = 0, involuntarySwitches: Int = 0, voluntarySwitches: Int = 0) {
      self.processorSeconds = processorSeconds
      self.involuntarySwitches = involuntarySwitches
      self.voluntarySwitches = voluntarySwitches
    }

    package static func - (later: Usage, earlier: Usage) -> Usage {
      Usage(
        processorSeconds: later.processorSeconds - earlier.processorSeconds,
        involuntarySwitches: later.involuntarySwitches - earlier.involuntarySwitches,
        voluntarySwitches: later.voluntarySwitches - earlier.voluntarySwitches)
    }
  }

  package static func usage() -> Usage {
    var raw = rusage()
    #if canImport(Glibc)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &raw)
    #else
      getrusage(RUSAGE_SELF, &raw)
    #endif
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return Usage(
      processorSeconds: seconds(raw.ru_utime) + seconds(raw.ru_stime), involuntarySwitches: Int(raw.ru_nivcsw),
      voluntarySwitches: Int(raw.ru_nvcsw))
  }

  /// Bytes resident now; 0 where the system has no `/proc`.
  package static var residentBytes: Double { status("VmRSS:") * 1_024 }

  /// The most bytes that were resident since the last ``resetPeak()``.
  package static var peakBytes: Double { status("VmHWM:") * 1_024 }

  package static func resetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  private static func status(_ field: String) -> Double {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        .split(whereSeparator: \.isWhitespace)
      if words.first.map(String.init) == field { return Double(words[1]) ?? 0 }
    }
    return 0
  }
}
