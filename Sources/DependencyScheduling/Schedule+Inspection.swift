extension Schedule {
  /// The number of units.
  public var unitCount: Int { storage.unitCount }

  /// The number of edges.
  public var edgeCount: Int { storage.edgeCount }

  /// The units that wait for nobody, ascending.
  public var roots: [UnitID] {
    (0..<storage.rootCount).map { UnitID(storage.roots[$0]) }
  }

  /// The units that wait for `unit`, in the order their edges were given.
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

  private func checkedIndex(_ unit: UnitID) -> Int {
    let index = Int(unit.index)
    precondition(index < unitCount, "A unit of this schedule is below \(unitCount), got \(index)")
    return index
  }

  /// The successors of one unit, read in place.
  public struct Successors: RandomAccessCollection, Sendable {
    let storage: ScheduleStorage
    public let startIndex: Int
    public let endIndex: Int

    public subscript(position: Int) -> UnitID {
      precondition(indices.contains(position), "Position \(position) is outside of \(indices)")
      return UnitID(storage.successors[position] & ~ScheduleStorage.onlyPredecessor)
    }
  }
}
