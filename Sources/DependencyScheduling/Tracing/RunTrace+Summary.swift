internal import Notation

extension RunTrace {
  /// The run in some lines of text: how parallel it was, what was on the critical path, where the time went.
  ///
  /// ```
  /// step: 412.3 µs, 18 units on 2 workers
  /// work 702.1 µs, critical path 371.0 µs: 1.89 workers could be busy, 1.70 were
  /// worker 0: 9 units, 388.2 µs busy (94 %)
  /// worker 1: 9 units, 313.9 µs busy (76 %)
  /// woken: 1 helper, the caller 0 times
  ///
  /// critical path, 6 of 6 units
  ///   201.5 µs   54 %  first/matmul#3, part 1 of 2
  /// …
  /// time by kind
  ///   512.0 µs   73 %  matmul (8)
  /// …
  /// ```
  /// - Complexity: O(units), but for sorting.
  public var summary: String {
    let time = NumberText.time(nanoseconds:), count = NumberText.count(_:_:)
    var lines = [
      "\(name): \(time(nanoseconds)), \(count(units.count, "unit")) on \(count(workerCount, "worker"))",
      "work \(time(work)), critical path \(time(span)): "
        + "\(NumberText.fixed(parallelism, decimals: 2)) workers could be busy, "
        + "\(NumberText.fixed(busyWorkers, decimals: 2)) were",
    ]
    var own: [Int: (count: Int, busy: Int64)] = [:]
    for unit in units {
      own[unit.worker, default: (0, 0)].count += 1
      own[unit.worker]!.busy += unit.nanoseconds
    }
    for worker in Set(stays.map(\.worker)).sorted() {
      let (unitCount, busy) = own[worker] ?? (0, 0)
      lines.append(
        "worker \(worker): \(count(unitCount, "unit")), \(time(busy)) busy (\(Self.percent(busy, nanoseconds)) %)"
      )
    }
    let wakeUps = wakeUps
    lines.append("woken: \(count(wakeUps.helpers, "helper")), the caller \(count(wakeUps.caller, "time"))")

    let longest = criticalPath.map { units[Int($0.index)] }.filter { $0.nanoseconds > 0 }
    // In the order of the run, but no more than can be read: the shortest are left out.
    let threshold = longest.map(\.nanoseconds).sorted(by: >).prefix(Self.mostRows).last ?? 0
    let shown = longest.filter { $0.nanoseconds >= threshold }.prefix(Self.mostRows)
    lines += ["", "critical path, \(shown.count) of \(count(criticalPath.count, "unit"))"]
    lines += shown.map { Self.row($0.nanoseconds, of: span, $0.name) }

    lines += ["", "time by kind"]
    for kind in timeByKind.prefix(Self.mostRows) {
      lines.append(Self.row(kind.nanoseconds, of: work, "\(kind.name) (\(kind.count))"))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What the parts of each kind took together, the most first, and how many there were.
  public var timeByKind: [(name: String, nanoseconds: Int64, count: Int)] {
    var kinds: [String: (nanoseconds: Int64, count: Int)] = [:]
    for part in units.lazy.flatMap(\.parts) {
      kinds[part.kind, default: (0, 0)].nanoseconds += part.nanoseconds
      kinds[part.kind, default: (0, 0)].count += 1
    }
    return kinds.map { ($0.key, $0.value.nanoseconds, $0.value.count) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

  private static let mostRows = 12  // Decisions/Limits.md

  private static func row(_ time: Int64, of whole: Int64, _ text: String) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(width - text.count, 0)) + text
    }
    return padded(NumberText.time(nanoseconds: time), 12) + padded("\(percent(time, whole))", 5) + " %  " + text
  }

  private static func percent(_ part: Int64, _ whole: Int64) -> Int64 { (100 * part + whole / 2) / max(whole, 1) }
}
