internal import Kernels

/// The order in which the gates of one step are computed: level by level, and within a level by operation.
///
/// A gate's level lies between its depth (how many gates must come before it, one after the other) and the latest that
/// still lets its readers come in time. Gates near the start take the first, so that what a long chain reads is
/// computed together before it; all others take the second, so that what a long chain leaves behind is computed together
/// after it. Narrow levels belong to such chains: there the deepest gate comes last, next to its reader.
struct LevelOrder: ~Copyable {
  /// The gates in order.
  private(set) var order = Column<UInt32>()
  /// The place of each gate in the order.
  private(set) var positions = Column<UInt32>()
  private var levels = Column<UInt32>()
  /// Where each level ends in the order.
  private var ends = Column<UInt32>()
  private var byOperation = Column<UInt32>()

  /// Gates of at most this depth count as near the start.
  private static let nearStart: UInt32 = 3  // Decisions/Scalars.md
  /// Levels of fewer gates are narrow: no operation fills a run.
  private static let narrow: UInt32 = 4  // Decisions/Scalars.md
  private static let operationCount = ElementwiseOperation.count

  /// Where the level of the gate at `position` ends.
  func endOfLevel(at position: Int) -> Int { Int(ends[Int(levels[Int(order[position])])]) }

  /// - Complexity: O(gates).
  mutating func sort(_ gates: borrowing Column<ScalarGate>) {
    var deepest: UInt32 = 0
    for index in 0..<gates.count { deepest = max(deepest, gates[index].depth) }
    findLevels(gates, deepest)
    sortByOperation(gates)
    sortByLevel(gates, Int(deepest) + 1)
    putDeepestLast(gates)
    positions.resize(to: gates.count, filledWith: 0)
    for position in 0..<gates.count { positions[Int(order[position])] = UInt32(position) }
  }

  private mutating func findLevels(_ gates: borrowing Column<ScalarGate>, _ deepest: UInt32) {
    levels.resize(to: gates.count, filledWith: deepest)
    for index in stride(from: gates.count - 1, through: 0, by: -1) {
      let gate = gates[index]
      let latest = levels[index]
      for position in 0..<Int(gate.arity) where gate[position].isOfStep {
        let maker = gate[position].index
        levels[maker] = min(levels[maker], latest - 1)
      }
      // Whatever comes before such a gate is as near the start, so that no operand comes too late.
      if gate.depth <= Self.nearStart { levels[index] = gate.depth }
    }
  }

  // A counting sort by the lesser key and a stable one by the greater.

  private mutating func sortByOperation(_ gates: borrowing Column<ScalarGate>) {
    ends.resize(to: Self.operationCount + 1, filledWith: 0)
    for index in 0..<gates.count { ends[Int(gates[index].code) + 1] += 1 }
    for key in 1...Self.operationCount { ends[key] += ends[key - 1] }
    byOperation.resize(to: gates.count, filledWith: 0)
    for index in 0..<gates.count {
      let key = Int(gates[index].code)
      byOperation[Int(ends[key])] = UInt32(index)
      ends[key] += 1
    }
  }

  private mutating func sortByLevel(_ gates: borrowing Column<ScalarGate>, _ levelCount: Int) {
    ends.resize(to: levelCount + 1, filledWith: 0)
    for index in 0..<gates.count { ends[Int(levels[index]) + 1] += 1 }
    for key in 1...levelCount { ends[key] += ends[key - 1] }
    order.resize(to: gates.count, filledWith: 0)
    for index in 0..<gates.count {
      let gate = byOperation[index]
      let key = Int(levels[Int(gate)])
      order[Int(ends[key])] = gate
      ends[key] += 1
    }
  }

  private mutating func putDeepestLast(_ gates: borrowing Column<ScalarGate>) {
    var begin = 0
    for level in 0..<ends.count - 1 {
      let end = Int(ends[level])
      if end - begin > 1, end - begin < Self.narrow {
        for position in begin..<end - 1
        where gates[Int(order[position])].depth > gates[Int(order[end - 1])].depth {
          (order[position], order[end - 1]) = (order[end - 1], order[position])
        }
      }
      begin = end
    }
  }
}
