/// The Linux control groups of a process, as far as they limit its processor time.
///
/// Both versions of the interface: `cpu.max` (v2), `cpu.cfs_quota_us` and `cpu.cfs_period_us` (v1); a machine may use
/// both at once. A limit binds the group and all groups inside it, so the smallest on the way to the root counts. A
/// group's set of processors (`cpuset`) is not read: the affinity of its threads already lies within it.
struct ControlGroups {
  /// The folders that may hold a limit: those of the process's own group and of the groups that contain it.
  private(set) var unified: [String] = []
  private(set) var legacy: [String] = []

  /// - Parameters:
  ///   - memberships: The text of `/proc/self/cgroup`: lines `hierarchy:controllers:path`, without controllers in v2.
  ///   - mounts: The text of `/proc/self/mountinfo`.
  init(memberships: String, mounts: String) {
    let mounts = ControlGroupMount.mounts(in: mounts)
    for line in memberships.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      let group = ControlGroupMount.names(in: String(fields[2]))
      if controllers.isEmpty {
        unified = Self.folders(from: group, in: mounts.filter { $0.version == .unified })
      } else if controllers.contains("cpu") {
        legacy = Self.folders(from: group, in: mounts.filter { $0.version == .legacy })
      }
    }
  }

  /// The folders of the group and of all that contain it, in each mount that shows the group.
  ///
  /// In a container, the group's path may belong to a namespace of which nothing is mounted. Then the roots of the
  /// mounts are the best guess: container runtimes mount the container's own group there.
  private static func folders(from group: [String], in mounts: [ControlGroupMount]) -> [String] {
    let shown = mounts.compactMap { $0.folders(from: group) }
    return shown.isEmpty ? mounts.map(\.point) : shown.flatMap { $0 }
  }

  /// The smallest of all limits, in processors; `nil` if there is none.
  ///
  /// - Parameter contents: Reads a file, `nil` if it does not exist.
  func quota(reading contents: (String) -> String?) -> Double? {
    let unifiedLimits = unified.compactMap { folder in
      contents(folder + "/cpu.max").flatMap(Self.unifiedLimit)
    }
    let legacyLimits = legacy.compactMap { folder -> Double? in
      guard let quota = contents(folder + "/cpu.cfs_quota_us"), let period = contents(folder + "/cpu.cfs_period_us")
      else { return nil }
      return Self.legacyLimit(quota: quota, period: period)
    }
    return (unifiedLimits + legacyLimits).min()
  }

  /// "200000 100000" is two processors; "max 100000" is no limit.
  static func unifiedLimit(_ text: String) -> Double? {
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return ratio(fields[0], fields[1])
  }

  /// A quota of "-1" is no limit.
  static func legacyLimit(quota: String, period: String) -> Double? {
    guard let quota = quota.split(whereSeparator: \.isWhitespace).first,
      let period = period.split(whereSeparator: \.isWhitespace).first
    else { return nil }
    return ratio(quota, period)
  }

  private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
    guard let quota = Int64(quota), let period = Int64(period), quota > 0, period > 0 else { return nil }
    return Double(quota) / Double(period)
  }
}
