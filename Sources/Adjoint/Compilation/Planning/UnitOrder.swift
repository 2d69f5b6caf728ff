internal import DependencyScheduling

/// Which units of a schedule end before which others start, whose edges all run from lower to higher numbers.
///
/// Answers look back from the later unit, no further than they must, and what has been found is kept for the next
/// question about the same unit: questions in the order of the later units cost little, and no memory grows with the
/// square of the units.
struct UnitOrder {
  private var offsets: [Int]
  private var sources: [Int] = []
  /// The unit asked about last, how far back its ancestors are known, and by which mark they are told.
  private var known = -1, lowest = 0, mark = 0
  private var marks: [Int]
  private var pending: [Int] = []

  /// - Complexity: O(units + edges).
  init(_ schedule: Schedule) {
    let count = schedule.unitCount
    offsets = [Int](repeating: 0, count: count + 1)
    marks = [Int](repeating: 0, count: count)
    for unit in 0..<count {
      for successor in schedule.successors(of: UnitID(UInt32(unit))) { offsets[Int(successor.index) + 1] += 1 }
    }
    for unit in 0..<count { offsets[unit + 1] += offsets[unit] }
    var next = offsets
    sources = [Int](repeating: 0, count: offsets[count])
    for unit in 0..<count {
      for successor in schedule.successors(of: UnitID(UInt32(unit))) {
        sources[next[Int(successor.index)]] = unit
        next[Int(successor.index)] += 1
      }
    }
  }

  /// The units that have an edge to `unit`.
  func predecessors(of unit: Int) -> ArraySlice<Int> { sources[offsets[unit]..<offsets[unit + 1]] }

  /// Whether `first` has ended before `second` starts, or is the same.
  ///
  /// - Complexity: O(edges between the two), and O(1) for what is as near as an earlier answer about `second`.
  mutating func isBefore(_ first: Int, _ second: Int) -> Bool {
    if first == second { return true }
    if first > second { return false }
    if second == known, first >= lowest { return marks[first] == mark }
    for source in predecessors(of: second) where source == first { return true }
    // Twice as far as asked, so that a row of questions that go ever further back is answered by few searches.
    lowest = max(0, first - (second - first))
    (known, mark) = (second, mark + 1)
    pending.append(second)
    while let unit = pending.popLast() {
      for position in offsets[unit]..<offsets[unit + 1] {
        let source = sources[position]
        if source < lowest || marks[source] == mark { continue }
        marks[source] = mark
        pending.append(source)
      }
    }
    return marks[first] == mark
  }
}
