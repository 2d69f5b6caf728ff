public import DependencyScheduling

/// The graph of a workload in compressed form; every edge runs from a lower to a higher index.
public struct WorkloadGraph: Sendable {
  public private(set) var offsets: [UInt32] = [0]
  public private(set) var successors: [UInt32] = []

  public var unitCount: Int { offsets.count - 1 }

  /// Edges arrive unit by unit: those `emit`ted during the call for unit `u` leave `u`.
  init(unitCount: Int, _ edges: (_ unit: Int, _ emit: (Int) -> Void) -> Void) {
    offsets.reserveCapacity(unitCount + 1)
    var targets: [UInt32] = []
    for unit in 0..<unitCount {
      edges(unit) { targets.append(UInt32($0)) }
      offsets.append(UInt32(targets.count))
    }
    successors = targets
  }

  public func makeSchedule() -> Schedule {
    Schedule(successorOffsets: offsets, successors: successors)
  }

  /// A schedule as the peers build theirs: from edges visited one by one, which are then sorted by where they begin.
  ///
  /// - Parameter cost: What each unit takes, in nanoseconds, if known.
  public func scheduleFromEdges(cost: Float? = nil) throws -> Schedule {
    var edges: [(UInt32, UInt32)] = []
    edges.reserveCapacity(successors.count)
    forEachEdge { edges.append(($0, $1)) }
    let costs = cost.map { [Float](repeating: $0, count: unitCount) }
    return try Schedule(unitCount: unitCount, dependencies: edges, costs: costs)
  }

  /// The same in groups, where `cost` is what each unit takes in nanoseconds.
  ///
  /// A group takes two microseconds: fifty times what handing it over costs. Larger ones would wait for one another: those
  /// of ten leave S3a with little more to do at once than two workers take on.
  public func groupedFromEdges(cost: Float) throws -> GroupedSchedule {
    let unitsPerGroup = min((2_000 / max(cost, 1)).rounded(.up), 256)
    return try scheduleFromEdges(cost: cost).grouped(unitsPerGroup: Int(unitsPerGroup))
  }

  /// Calls `visit` for each edge in insertion order.
  public func forEachEdge(_ visit: (_ from: UInt32, _ to: UInt32) -> Void) {
    for unit in 0..<unitCount {
      for edge in offsets[unit]..<offsets[unit + 1] { visit(UInt32(unit), successors[Int(edge)]) }
    }
  }
}

extension WorkloadGraph {
  static func chain(_ count: Int) -> WorkloadGraph {
    WorkloadGraph(unitCount: count) { unit, emit in
      if unit + 1 < count { emit(unit + 1) }
    }
  }

  static func binaryTree(_ count: Int) -> WorkloadGraph {
    WorkloadGraph(unitCount: count) { unit, emit in
      guard 2 * unit + 2 < count else { return }
      emit(2 * unit + 1)
      emit(2 * unit + 2)
    }
  }

  /// Up to four distinct later units within `window`.
  static func random(_ count: Int, window: Int) -> WorkloadGraph {
    var random = SeededGenerator(seed: 42)
    return WorkloadGraph(unitCount: count) { unit, emit in
      let degree = 1 + random.next() % 4
      let span = min(window, count - 1 - unit)
      var targets: [Int] = []
      for _ in 0..<degree {
        let draw = random.next()
        guard span > 0 else { continue }
        let target = unit + 1 + Int(draw % UInt64(span))
        if !targets.contains(target) { targets.append(target) }
      }
      targets.forEach(emit)
    }
  }

  /// `side` levels of `side` units; edges reach the next level only and cover all of it.
  static func levels(_ side: Int) -> WorkloadGraph {
    var random = SeededGenerator(seed: 42)
    var order: [Int] = []
    var position = 0
    func shuffle() {
      for last in stride(from: side - 1, to: 0, by: -1) { order.swapAt(last, Int(random.next() % UInt64(last + 1))) }
      position = 0
    }
    return WorkloadGraph(unitCount: side * side) { unit, emit in
      let level = unit / side
      guard level + 1 < side else { return }
      if unit % side == 0 {
        order = Array(0..<side)
        shuffle()
      }
      let degree = 1 + Int(random.next() % 4)
      let end = min(position + degree, side)
      for index in position..<end { emit((level + 1) * side + order[index]) }
      if position + degree >= side { shuffle() } else { position = end }
    }
  }

  static func wavefront(_ side: Int, downFirst: Bool = false) -> WorkloadGraph {
    WorkloadGraph(unitCount: side * side) { unit, emit in
      let down = unit / side + 1 < side
      if downFirst && down { emit(unit + side) }
      if unit % side + 1 < side { emit(unit + 1) }
      if !downFirst && down { emit(unit + side) }
    }
  }
}
