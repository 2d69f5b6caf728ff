/// Edges sorted by the unit they leave (compressed sparse rows), not yet known to be free of cycles.
struct CompressedEdges {
  private(set) var offsets: [UInt32]
  private(set) var successors: [UInt32]

  private var unitCount: Int { offsets.count - 1 }

  /// A counting sort; the edges of one unit keep their order.
  ///
  /// - Complexity: O(units + edges).
  init(unitCount: Int, edges: [(UInt32, UInt32)]) {
    offsets = [UInt32](repeating: 0, count: unitCount + 1)
    successors = [UInt32](repeating: 0, count: edges.count)
    for (from, to) in edges {
      precondition(
        Int(from) < unitCount && Int(to) < unitCount,
        "An edge joins two of the \(unitCount) units, got \(from) -> \(to)")
      offsets[Int(from) + 1] += 1
    }
    for unit in 0..<unitCount { offsets[unit + 1] += offsets[unit] }
    var next = offsets
    for (from, to) in edges {
      successors[Int(next[Int(from)])] = to
      next[Int(from)] += 1
    }
  }

  /// The edges of a schedule as they were given.
  init(_ schedule: ScheduleStorage) {
    offsets = (0...schedule.unitCount).map { schedule.offsets[$0] }
    successors = (0..<schedule.edgeCount).map { schedule.successors[$0] & ~ScheduleStorage.onlyPredecessor }
  }

  /// Whether every edge runs from a lower to a higher index.
  var ascend: Bool {
    (0..<unitCount).allSatisfy { unit in
      (offsets[unit]..<offsets[unit + 1]).allSatisfy { successors[Int($0)] > unit }
    }
  }

  /// All units, each after its predecessors (Kahn, 1962).
  ///
  /// - Throws: ``CycleError`` if there is no such order.
  /// - Complexity: O(units + edges).
  func topologicalOrder() throws(CycleError) -> [UInt32] {
    var missing = [UInt32](repeating: 0, count: unitCount)
    for successor in successors { missing[Int(successor)] += 1 }
    var order: [UInt32] = []
    order.reserveCapacity(unitCount)
    for unit in 0..<unitCount where missing[unit] == 0 { order.append(UInt32(unit)) }
    var position = 0
    while position < order.count {
      let unit = Int(order[position])
      position += 1
      for edge in Int(offsets[unit])..<Int(offsets[unit + 1]) {
        let successor = Int(successors[edge])
        missing[successor] -= 1
        if missing[successor] == 0 { order.append(UInt32(successor)) }
      }
    }
    if order.count < unitCount { throw CycleError(units: cycle(among: missing)) }
    return order
  }

  /// One cycle among the units that still miss a predecessor.
  ///
  /// Each of them has a predecessor that misses one too, so going back from any of them must come round.
  private func cycle(among missing: [UInt32]) -> [UnitID] {
    var blocker = [UInt32?](repeating: nil, count: unitCount)
    for unit in 0..<unitCount where missing[unit] > 0 {
      for edge in Int(offsets[unit])..<Int(offsets[unit + 1]) { blocker[Int(successors[edge])] = UInt32(unit) }
    }
    var unit = UInt32(missing.firstIndex { $0 > 0 }!)
    var visited: [UInt32] = []
    var seenAt = [Int?](repeating: nil, count: unitCount)
    while seenAt[Int(unit)] == nil {
      seenAt[Int(unit)] = visited.count
      visited.append(unit)
      unit = blocker[Int(unit)]!
    }
    // Going back lists the cycle against the flow; turn it round and begin with its smallest unit.
    let ring = Array(visited[seenAt[Int(unit)]!...].reversed())
    let first = ring.indices.min { ring[$0] < ring[$1] }!
    return (ring[first...] + ring[..<first]).map { UnitID($0) }
  }
}
