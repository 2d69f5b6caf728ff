/// The Linux control groups of a process, as far as they limit its processor time.
///
/// Both versions of the interface: `cpu.max` (v2), `cpu.cfs_quota_us` and `cpu.cfs_period_us` (v1). A limit binds the
/// group and all below, so the smallest on the way to the root counts.
struct ControlGroups {
  /// The folders that may hold a limit, from the process's own group up.
  private var unified: [String] = []
  private var legacy: [String] = []

  /// - Parameter table: The text of `/proc/self/cgroup`: lines `hierarchy:controllers:path`.
  init(table: String) {
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      if controllers.isEmpty {
        unified = Self.ancestors(of: fields[2], under: "/sys/fs/cgroup")
      } else if controllers.contains("cpu") {
        legacy = Self.ancestors(of: fields[2], under: "/sys/fs/cgroup/cpu")
      }
    }
  }

  /// The processors' worth of time that all limits leave, `nil` if there are none.
  ///
  /// - Parameter contents: Reads a file, `nil` if it cannot be.
  func quota(reading contents: (String) -> String?) -> Double? {
    let limits =
      unified.compactMap { contents($0 + "/cpu.max").flatMap(Self.unifiedLimit) }
      + legacy.compactMap { folder -> Double? in
        guard let quota = contents(folder + "/cpu.cfs_quota_us"), let period = contents(folder + "/cpu.cfs_period_us")
        else { return nil }
        return Self.ratio(quota, period)
      }
    return limits.min()
  }

  /// "200000 100000" is two processors; "max 100000" is no limit.
  private static func unifiedLimit(_ text: String) -> Double? {
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2 else { return nil }
    return ratio(String(fields[0]), String(fields[1]))
  }

  private static func ratio(_ quota: String, _ period: String) -> Double? {
    func number(_ text: String) -> Double? { text.split(whereSeparator: \.isWhitespace).first.flatMap { Double($0) } }
    guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else { return nil }
    return quota / period
  }

  private static func ancestors(of path: Substring, under root: String) -> [String] {
    var names = path.split(separator: "/")
    var folders: [String] = []
    while true {
      folders.append(names.reduce(root) { $0 + "/" + $1 })
      guard names.popLast() != nil else { return folders }
    }
  }
}
