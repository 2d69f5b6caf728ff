/// The end of a unit that has suspended; see ``UnitContext/suspend()``. To be given once, by any thread: by
/// ``finish()`` or by ``fail(_:)``. When the run was stopped meanwhile, giving it has no effect.
///
/// If it is dropped without having been given, the run fails with ``UnitAbandoned``.
public final class UnitCompletion: Sendable {
  private let outcome: UnitOutcome

  init(_ outcome: UnitOutcome) { self.outcome = outcome }

  deinit { outcome.abandon() }

  /// The unit is done: those that waited for it may run. They see what the calling thread has written.
  public func finish() { outcome.finish() }

  /// The unit has failed: no further one starts, and the run throws `error`.
  public func fail(_ error: any Error) { outcome.fail(error) }
}

/// A unit suspended, and its completion was dropped: nobody can ever finish it.
public struct UnitAbandoned: Error, Hashable, Sendable, CustomStringConvertible {
  /// The unit that was abandoned.
  public let unit: UnitID
  public var description: String { "\(unit) suspended, and its completion was dropped without being finished" }
}
