/// A schedule whose units run several at a time: what is counted, shared out and woken for is a group.
///
/// Where a unit is a few instructions, looking after it costs more than running it. A group pays once for all of its
/// units, which one worker runs one after the other.
///
/// ```swift
/// let grouped = schedule.grouped(unitsPerGroup: 256)
/// try grouped.run(on: GraphExecutor.shared) { unit in cells[Int(unit.index)].update() }
/// ```
/// A group is a range of one topological order: ascending indices where every edge ascends, otherwise depth
/// first from the roots. Edges of such an order run forward only, so groups cannot wait for one another in a circle. A
/// group waits for all predecessors of all its units: the larger the groups, the fewer can run at once.
///
/// A value; copies share storage and may be used from any number of threads.
public struct GroupedSchedule: Sendable {
  /// The groups and which waits for which, with the sums of their units' costs if there are costs.
  public let schedule: Schedule

  /// The units in order, `nil` if that is the order of their indices.
  private let order: [UInt32]?

  /// Where each group begins in the order, and the end of the last one.
  private let starts: [UInt32]

  /// The number of groups.
  public var groupCount: Int { schedule.unitCount }

  /// The units of one group, in the order in which they run.
  ///
  /// - Complexity: O(units of the group).
  public func units(of group: UnitID) -> [UnitID] {
    let index = Int(group.index)
    demand(index < groupCount, "A group of this schedule is below \(groupCount), got \(index)")
    return (starts[index]..<starts[index + 1]).map { UnitID(order?[Int($0)] ?? $0) }
  }

  /// Runs every unit once, and returns when all have run. The cancellation is looked at between two groups.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  @available(*, noasync, message: "asynchronous code has a form that blocks no thread of Swift's pool")
  public func run(
    on executor: some ScheduleExecutor, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column,
    _ body: @Sendable (UnitID) throws -> Void
  ) throws {
    let site = CallSite(fileID: fileID, line: line, column: column)
    let options = RunOptions(cancellation: cancellation, sharing: sharing, site: site)
    try starts.withUnsafeBufferPointer { starts in
      nonisolated(unsafe) let starts = starts.baseAddress!  // because nobody writes to it while this call lasts
      guard let order else {
        return try executor.run(schedule, options: options) { group in
          for unit in starts[Int(group.index)]..<starts[Int(group.index) &+ 1] { try body(UnitID(unit)) }
        }
      }
      try order.withUnsafeBufferPointer { order in
        nonisolated(unsafe) let order = order.baseAddress!  // because nobody writes to it while this call lasts
        try executor.run(schedule, options: options) { group in
          for position in starts[Int(group.index)]..<starts[Int(group.index) &+ 1] {
            try body(UnitID(order[Int(position)]))
          }
        }
      }
    }
  }

  /// Runs every unit once, without blocking a thread of Swift's cooperative pool. Cancelling the task cancels the run,
  /// between two groups.
  ///
  /// - Throws: The first error that `body` threw, or `CancellationError`.
  public func run(
    on executor: some ScheduleExecutor, cancellation: CancellationToken? = nil, sharing: Sharing? = nil,
    _ body: @escaping @Sendable (UnitID) throws -> Void
  ) async throws {
    let grouped = UnitBody(learningWith: schedule.storage.learned) { group in
      for unit in units(of: group) { try body(unit) }
    }
    try await executor.run(schedule, grouped, cancellation: cancellation, sharing: sharing)
  }

  /// Nanoseconds of a group, where costs are known: enough to make a hand-over cheap, little to wait for.
  private static let groupWork: Float = 10_000  // Decisions/Scheduling.md

  /// Units of a group, where costs are not known.
  private static let groupUnits = 256  // Decisions/Scheduling.md

  fileprivate init(_ units: Schedule, unitsPerGroup: Int?) {
    let edges = CompressedEdges(units.storage)
    let costs = units.storage.estimates?.costs
    order =
      edges.ascend ? nil : Array(UnsafeBufferPointer(start: units.storage.serialOrder, count: units.unitCount))
    let mostUnits = unitsPerGroup ?? (costs == nil ? Self.groupUnits : Int.max)
    let mostWork = unitsPerGroup == nil ? Self.groupWork : .infinity

    var starts: [UInt32] = []
    var groupCosts: [Float] = []
    var groupOf = [UInt32](repeating: 0, count: units.unitCount)
    var size = 0
    for position in 0..<units.unitCount {
      let unit = order.map { Int($0[position]) } ?? position
      let cost = costs?[unit] ?? 0
      if position == 0 || size == mostUnits || groupCosts[starts.count - 1] + cost > mostWork {
        starts.append(UInt32(position))
        groupCosts.append(0)
        size = 0
      }
      groupOf[unit] = UInt32(starts.count - 1)
      groupCosts[starts.count - 1] += cost
      size += 1
    }
    let groupCount = starts.count
    starts.append(UInt32(units.unitCount))
    self.starts = starts

    var offsets: [UInt32] = [0]
    var successors: [UInt32] = []
    // The last group found to precede each one: edges between the same two groups are one edge.
    var lastPredecessor = [UInt32](repeating: .max, count: groupCount)
    for group in 0..<groupCount {
      for position in Int(starts[group])..<Int(starts[group + 1]) {
        let unit = order.map { Int($0[position]) } ?? position
        for edge in Int(edges.offsets[unit])..<Int(edges.offsets[unit + 1]) {
          let successor = Int(groupOf[Int(edges.successors[edge])])
          guard successor != group, lastPredecessor[successor] != group else { continue }
          lastPredecessor[successor] = UInt32(group)
          successors.append(UInt32(successor))
        }
      }
      offsets.append(UInt32(successors.count))
    }
    schedule = Schedule(
      successorOffsets: offsets, successors: successors, costs: costs == nil ? nil : groupCosts)
  }
}

extension Schedule {
  /// The same units in groups, each of which runs as one.
  ///
  /// - Parameter unitsPerGroup: How many units make a group, at least 1. By default as many as make up 10 µs, if the
  ///   schedule has costs, and 256 otherwise.
  /// - Complexity: O(units + edges).
  public func grouped(unitsPerGroup: Int? = nil) -> GroupedSchedule {
    demand(unitsPerGroup ?? 1 >= 1, "A group has at least 1 unit, got \(unitsPerGroup ?? 1)")
    return GroupedSchedule(self, unitsPerGroup: unitsPerGroup)
  }
}
