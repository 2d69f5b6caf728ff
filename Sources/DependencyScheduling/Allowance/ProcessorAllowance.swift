import LibC

/// The share of the machine that this process may use.
///
/// It belongs to the process as a whole: a thread that is pinned to one processor gets the same answer as the others.
struct ProcessorAllowance: Equatable {
  /// The number of processors on which the process's threads may run.
  var processors: Int

  /// The processor time that the control groups grant, in processors; `nil` without a limit.
  var quota: Double?

  /// The number of workers that can make progress at once: the smaller of both, rounded up, at least 1.
  var width: Int {
    guard let quota else { return max(processors, 1) }
    return max(Int(min(Double(processors), quota.rounded(.up))), 1)
  }

  /// The allowance at this moment, read anew each time: affinity and quotas may change while the process runs.
  ///
  /// - Complexity: One system call for each thread of the process, and the length of its mount table.
  static var current: ProcessorAllowance {
    #if canImport(Darwin)
      ProcessorAllowance(processors: performanceProcessors ?? processorsOnline, quota: nil)
    #elseif os(Linux) || os(Android)
      ProcessorAllowance(processors: processorsByAffinity ?? processorsOnline, quota: quotaOfControlGroups)
    #else
      ProcessorAllowance(processors: processorsOnline, quota: nil)
    #endif
  }

  private static var processorsOnline: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  #if os(Linux) || os(Android)
    /// The number of processors on which some thread of the process may run, `nil` if the system does not say.
    ///
    /// The caller comes first, as thread 0, so that its own set is the answer where `/proc` cannot be read.
    private static var processorsByAffinity: Int? {
      let threads = SystemFile.names(in: "/proc/self/task").compactMap { Int32($0) }
      let count = ProcessorSet(ofThreads: [0] + threads, reading: ProcessorSet.init(ofThread:)).count
      return count > 0 ? count : nil
    }

    private static var quotaOfControlGroups: Double? {
      guard let memberships = SystemFile.contents(of: "/proc/self/cgroup"),
        let mounts = SystemFile.contents(of: "/proc/self/mountinfo")
      else { return nil }
      return ControlGroups(memberships: memberships, mounts: mounts).quota(reading: SystemFile.contents)
    }
  #endif
}
