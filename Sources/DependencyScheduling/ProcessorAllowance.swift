import CDependencyScheduling

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How much of the machine this process may use.
struct ProcessorAllowance: Equatable {
  /// The processors its threads may run on.
  var processors: Int

  /// The processor time the control group grants, in processors; `nil` without a quota.
  var quota: Double?

  /// The workers that can make progress at once: the smaller of both, rounded up, at least 1.
  var width: Int {
    guard let quota else { return max(processors, 1) }
    return max(min(processors, Int(quota.rounded(.up))), 1)
  }

  #if os(Linux) || os(Android)
    static var current: ProcessorAllowance {
      let groups = ControlGroups(table: contents(of: "/proc/self/cgroup") ?? "")
      return ProcessorAllowance(processors: processorsByAffinity(), quota: groups.quota(reading: contents))
    }

    private static func processorsByAffinity() -> Int {
      let count = Int(adj_processors_by_affinity())
      return count > 0 ? count : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// The text of a small file, or `nil`.
    private static func contents(of path: String) -> String? {
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 4_096)
      while true {
        let count = read(file, &chunk, chunk.count)
        guard count > 0 else { break }
        bytes += chunk[..<count]
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  #else
    static var current: ProcessorAllowance {
      ProcessorAllowance(processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), quota: nil)
    }
  #endif
}
