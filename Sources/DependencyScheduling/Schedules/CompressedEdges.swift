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
      demand(
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

  /// Edges that are sorted already.
  init(offsets: [UInt32], successors: [UInt32]) {
    (self.offsets, self.successors) = (offsets, successors)
  }

  /// The edges of a schedule, in its order.
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

  /// All units, each after its predecessors, as a lone worker runs them: depth first. The first successor that becomes
  /// ready comes next, since its inputs are in the cache; then the other successors, in the order in which their edges
  /// were given; then what was ready before; then the next unit that waits for nobody.
  ///
  /// - Throws: ``CycleError`` if there is no such order.
  /// - Complexity: O(units + edges).
  func serialOrder() throws(CycleError) -> [UInt32] {
    var missing = [UInt32](repeating: 0, count: unitCount)
    for successor in successors { missing[Int(successor)] += 1 }
    var order: [UInt32] = []
    order.reserveCapacity(unitCount)
    var ready: [UInt32] = []
    // Units that wait for nobody are looked for in place: those found ready since then are not among them.
    let roots = missing.map { $0 == 0 }
    for root in 0..<unitCount where roots[root] {
      var next: UInt32? = UInt32(root)
      while let unit = next {
        order.append(unit)
        next = nil
        // From the last to the first: the first is run next, and of the others the earlier ones lie on top.
        for edge in (Int(offsets[Int(unit)])..<Int(offsets[Int(unit) + 1])).reversed() {
          let successor = successors[edge]
          missing[Int(successor)] -= 1
          guard missing[Int(successor)] == 0 else { continue }
          if let later = next { ready.append(later) }
          next = successor
        }
        next = next ?? ready.popLast()
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
