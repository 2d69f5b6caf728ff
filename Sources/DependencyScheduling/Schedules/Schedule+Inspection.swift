extension Schedule {
  /// The number of units.
  public var unitCount: Int { storage.unitCount }

  /// The number of edges.
  public var edgeCount: Int { storage.edgeCount }

  /// The units that wait for nobody: ascending or, where costs are known, by the longest remaining path.
  public var roots: [UnitID] {
    (0..<storage.rootCount).map { UnitID(storage.roots[$0]) }
  }

  /// The units that wait for `unit`, in the order their edges were given or, where costs are known, by the longest
  /// remaining path. One that has two edges from `unit` comes twice.
  ///
  /// - Complexity: O(1); no copy is made.
  public func successors(of unit: UnitID) -> Successors {
    let index = checkedIndex(unit)
    return Successors(
      storage: storage, startIndex: Int(storage.offsets[index]), endIndex: Int(storage.offsets[index + 1]))
  }

  /// How many edges end at `unit`.
  ///
  /// - Complexity: O(1).
  public func dependencyCount(of unit: UnitID) -> Int {
    Int(storage.dependencyCounts[checkedIndex(unit)])
  }

  /// Every unit after its predecessors, as a lone worker runs them; see ``CompressedEdges/serialOrder()``.
  package var serialOrder: [UInt32] { Array(UnsafeBufferPointer(start: storage.serialOrder, count: unitCount)) }

  private func checkedIndex(_ unit: UnitID) -> Int {
    let index = Int(unit.index)
    demand(index < unitCount, "A unit of this schedule is below \(unitCount), got \(index)")
    return index
  }

  /// The successors of one unit, read in place.
  public struct Successors: RandomAccessCollection, Sendable {
    let storage: ScheduleStorage
    /// The position of the first successor. It counts from the first edge of the schedule, so it is rarely zero.
    public let startIndex: Int
    /// The position after the last successor.
    public let endIndex: Int

    /// The successor at a position from `startIndex` to before `endIndex`.
    public subscript(position: Int) -> UnitID {
      demand(indices.contains(position), "Position \(position) is outside of \(indices)")
      return UnitID(storage.successors[position] & ~ScheduleStorage.onlyPredecessor)
    }
  }
}
