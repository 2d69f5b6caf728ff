/// A frozen graph of units: which unit waits for which, and roughly what each costs.
///
/// A schedule is built once, in time linear in units and edges, and run as often as one likes, several times at once
/// if need be; what a unit *does* is given with each run.
///
/// ```swift
/// // Two sources feed one sink.
/// let schedule = try Schedule(unitCount: 3, dependencies: [(0, 2), (1, 2)])
/// try GraphExecutor.shared.run(schedule) { unit in print(unit.index) }   // 2 comes last
/// ```
/// Copies share storage. A `Schedule` may be used from any number of threads.
public struct Schedule: Sendable {
  let storage: ScheduleStorage

  init(storage: ScheduleStorage) {
    self.storage = storage
  }

  /// A schedule from edges that all run from a lower to a higher index, in compressed form: there can be no cycle.
  ///
  /// The successors of unit `u` are `successors[successorOffsets[u]..<successorOffsets[u + 1]]`. Anything else than a
  /// well-formed array of ascending edges ends the process with a sentence. The first successor that becomes ready is
  /// what the worker runs next, so their order matters for locality; with costs they are ordered by the longest
  /// remaining path instead.
  ///
  /// - Parameters:
  ///   - successorOffsets: One entry a unit and one more; ascending from zero.
  ///   - successors: The target of each edge.
  ///   - costs: Estimated nanoseconds of each unit, if known, finite and not negative: with them a run too small to
  ///     share stays on its caller, and what most others wait for starts first.
  /// - Complexity: O(units + edges).
  public init(successorOffsets: [UInt32], successors: [UInt32], costs: [Float]? = nil) {
    demand(
      successorOffsets.first == 0 && Int(successorOffsets.last!) == successors.count,
      "Successor offsets run from 0 to the number of edges, \(successors.count)")
    let unitCount = successorOffsets.count - 1
    Self.checkSizes(unitCount: unitCount, edgeCount: successors.count, costs: costs)
    for unit in 0..<unitCount {
      let (start, end) = (successorOffsets[unit], successorOffsets[unit + 1])
      demand(start <= end, "Successor offsets ascend, but unit \(unit) ends before it starts")
      for edge in Int(start)..<Int(end) {
        let successor = Int(successors[edge])
        demand(
          successor > unit && successor < unitCount,
          "An edge runs from a lower to a higher unit below \(unitCount), got \(unit) -> \(successor)")
      }
    }
    // Ascending edges form no cycle.
    storage = try! ScheduleStorage(CompressedEdges(offsets: successorOffsets, successors: successors), costs: costs)
  }

  /// A schedule from edges in any order; `(from, to)` means that `to` waits for `from`.
  ///
  /// The same edge given twice counts twice, harmlessly. An edge of a unit that does not exist, or a number of costs
  /// that is not the number of units, ends the process with a sentence.
  ///
  /// - Parameters:
  ///   - unitCount: How many units there are, at most 2³¹ - 1.
  ///   - dependencies: The edges; those of one unit keep their order.
  ///   - costs: Estimated nanoseconds of each unit, if known, finite and not negative.
  /// - Throws: ``CycleError``, listing one cycle, if there is any.
  /// - Complexity: O(units + edges).
  public init(
    unitCount: Int, dependencies: some Sequence<(UInt32, UInt32)>, costs: [Float]? = nil
  ) throws(CycleError) {
    demand(unitCount >= 0, "A schedule has no negative number of units, got \(unitCount)")
    let edges = Array(dependencies)
    Self.checkSizes(unitCount: unitCount, edgeCount: edges.count, costs: costs)
    storage = try ScheduleStorage(CompressedEdges(unitCount: unitCount, edges: edges), costs: costs)
  }

  private static func checkSizes(unitCount: Int, edgeCount: Int, costs: [Float]?) {
    demand(unitCount <= UnitID.limit, "A schedule has at most \(UnitID.limit) units, got \(unitCount)")
    demand(edgeCount <= Int(UInt32.max), "A schedule has at most \(UInt32.max) edges, got \(edgeCount)")
    if let costs {
      demand(costs.count == unitCount, "Costs come one a unit: \(unitCount) units, got \(costs.count) costs")
    }
  }
}

extension UnsafeMutablePointer<UInt32> {
  /// New memory with the elements of `array`, to be deallocated by whoever takes it.
  static func copy(of array: [UInt32]) -> Self {
    let copy = Self.allocate(capacity: array.count)
    array.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { copy.initialize(from: base, count: source.count) }
    }
    return copy
  }
}
