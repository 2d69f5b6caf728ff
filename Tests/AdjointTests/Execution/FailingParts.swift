import Adjoint
import DependencyScheduling
import Dispatch

/// Gates to trip over, by the part of the program that they are in.
final class Trips: Sendable {
  private let bodies = Guarded<[Tripping.Part: @Sendable () throws -> Void]>([:])
  /// Whether the forward part makes a NaN.
  let yieldsNaN = Guarded(false)
  func set(_ part: Tripping.Part, _ body: @escaping @Sendable () throws -> Void) {
    bodies.withLock { $0[part] = body }
  }
  func clear() {
    bodies.withLock { $0 = [:] }
    yieldsNaN.withLock { $0 = false }
  }
  func run(_ part: Tripping.Part) throws { try bodies.withLock { $0[part] }?() }
}

/// y = x, with a call to the outside before.
struct Tripping: Gate {
  enum Part: Hashable, Sendable { case forward, backward, update }
  static let name = "tripping"
  let trips: Trips
  let part: Part
  static func == (left: Tripping, right: Tripping) -> Bool { left.trips === right.trips && left.part == right.part }
  func hash(into hasher: inout Hasher) { hasher.combine(part) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      try trips.run(part)
      let output = try arguments.output(as: Float.self)
      _ = try output.update(from: arguments.input(0, as: Float.self))
      if part == .forward, trips.yieldsNaN.withLock({ $0 }) { output[0] = .nan }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Tripping(trips: trips, part: .backward), to: [upstream])]
  }
}

/// Runs on one worker, and fails before or after that if it is told to.
final class FailingExecutor: ScheduleExecutor {
  enum Failure { case never, before, after }
  let failure = Guarded(Failure.never)
  let error: any Error
  private let inner = try! GraphExecutor(width: 1)

  init(_ error: any Error) { self.error = error }

  private func failing<R>(_ body: () throws -> R) throws -> R {
    if failure.withLock({ $0 == .before }) { throw error }
    let result = try body()
    if failure.withLock({ $0 == .after }) { throw error }
    return result
  }

  @available(*, noasync)
  func run(_ schedule: Schedule, options: RunOptions, _ body: @Sendable (UnitID) throws -> Void) throws {
    try failing { try inner.run(schedule, options: options, body) }
  }

  @available(*, noasync)
  func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) throws {
    try failing { try inner.run(schedule, options: options, keeping: body) }
  }

  func run(_ schedule: Schedule, options: RunOptions, keeping body: UnitBody) async throws {
    if failure.withLock({ $0 == .before }) { throw error }
    try await inner.run(schedule, options: options, keeping: body)
    if failure.withLock({ $0 == .after }) { throw error }
  }

  @available(*, noasync)
  func trace(
    _ schedule: Schedule, name: String, options: RunOptions,
    parts: (_ unit: UnitID, _ nanoseconds: Int64) -> [RunTrace.Part], _ body: @Sendable (UnitID) throws -> Void
  ) throws -> RunTrace {
    try failing { try inner.trace(schedule, name: name, options: options, parts: parts, body) }
  }
}

/// Cancels a task that it is given sooner or later; whoever asks before waits for the task.
final class Canceller: Sendable {
  private let isGiven = DispatchSemaphore(value: 0)
  private let task = Guarded<Task<Void, any Error>?>(nil)
  func give(_ new: Task<Void, any Error>) {
    task.withLock { $0 = new }
    isGiven.signal()
  }
  func cancel() {
    isGiven.wait()
    isGiven.signal()
    task.withLock { $0 }?.cancel()
  }
}
