extension Schedule {
  /// The same units with every edge turned round: what ran last runs first. Costs stay, and so do work and span.
  ///
  /// A unit's new successors come in ascending order. Keep the result: it is computed anew at each access.
  ///
  /// - Complexity: O(units + edges).
  public var reversed: Schedule {
    var offsets = [UInt32](repeating: 0, count: unitCount + 1)
    for unit in 0..<unitCount { offsets[unit + 1] = offsets[unit] + storage.dependencyCounts[unit] }
    var next = offsets
    var predecessors = [UInt32](repeating: 0, count: edgeCount)
    for unit in 0..<unitCount {
      for successor in successors(of: UnitID(UInt32(unit))) {
        predecessors[Int(next[Int(successor.index)])] = UInt32(unit)
        next[Int(successor.index)] += 1
      }
    }
    let edges = CompressedEdges(offsets: offsets, successors: predecessors)
    // What had no cycle one way has none the other.
    return Schedule(storage: try! ScheduleStorage(edges, costs: storage.estimates?.costs))
  }
}
