import Adjoint
import DependencyScheduling

/// A ``GraphExecutor`` that shares out every schedule, however little it is expected to gain: the estimates are left
/// out, so that small programs meet several workers too.
struct EagerExecutor: ScheduleExecutor {
  let executor: GraphExecutor
  init(width: Int) { executor = GraphExecutor(width: width) }

  func run(
    _ schedule: Schedule, cancellation: CancellationToken?, _ body: @Sendable (UnitID) throws -> Void
  ) throws {
    var offsets: [UInt32] = [0]
    var successors: [UInt32] = []
    for unit in 0..<schedule.unitCount {
      successors += schedule.successors(of: UnitID(UInt32(unit))).map(\.index)
      offsets.append(UInt32(successors.count))
    }
    let bare = Schedule(successorOffsets: offsets, successors: successors)
    try executor.run(bare, cancellation: cancellation, body)
  }
}

extension Program.Options {
  /// Every node a unit of its own.
  static func fine(_ accumulation: Accumulation = .graphOrder, reusesBuffers: Bool = true) -> Program.Options {
    var options = Program.Options(accumulation: accumulation, reusesBuffers: reusesBuffers)
    options.unitWork = 0
    return options
  }

  /// Every call in as many parts as it can be divided into, up to sixteen, each a unit of its own.
  static func divided(reusesBuffers: Bool = true) -> Program.Options {
    var options = fine(reusesBuffers: reusesBuffers)
    options.division = .finest
    return options
  }
}
