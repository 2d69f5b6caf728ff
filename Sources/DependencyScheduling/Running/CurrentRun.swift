internal import CThreads
import Synchronization

/// The run that the calling code is part of.
public enum CurrentRun {
  /// Whether the run has been cancelled, or has failed elsewhere: a unit or task that takes long may ask, and return
  /// early.
  ///
  /// Outside of any run, it is whether the current Swift task is cancelled.
  public static var isCancelled: Bool {
    if let scope, scope.isOfRun { return scope.isCancelled }
    return withUnsafeCurrentTask { $0?.isCancelled ?? false }
  }

  /// Waits for something that may need a seat: if the calling thread sits in one, it lends it meanwhile.
  static func lendingSeat<Result>(_ wait: () -> Result) -> Result {
    guard let seats = scope?.seats?.takeUnretainedValue() else { return wait() }
    seats.lend()
    defer { seats.takeBack() }
    return wait()
  }

  /// Whether the calling thread sits in one of `seats`.
  static func isOnSeat(of seats: Seats) -> Bool { scope?.seats?.takeUnretainedValue() === seats }

  private static var scope: Scope? { adj_thread_value()?.assumingMemoryBound(to: Scope.self).pointee }

  /// What a worker's thread knows of its run, and of its seat.
  private struct Scope {
    var isOfRun = false
    var cancellation: CancellationToken?
    var isStopping: UnsafePointer<Atomic<Bool>>?
    /// The executor's seats, if the thread sits in one; they live as long as somebody does.
    var seats: Unmanaged<Seats>?

    var isCancelled: Bool {
      cancellation?.isCancelled ?? false || isStopping?.pointee.load(ordering: .relaxed) ?? false
    }
  }

  /// Calls `body` as a part of the run that these two stop; runs within runs nest.
  @inline(__always)
  static func with<Result>(
    _ cancellation: CancellationToken?, _ isStopping: UnsafePointer<Atomic<Bool>>?, _ body: () -> Result
  ) -> Result {
    enter(Scope(isOfRun: true, cancellation: cancellation, isStopping: isStopping, seats: scope?.seats), body)
  }

  /// Calls `body` as the occupant of one of `seats`, and as a part of no run.
  static func onSeat<Result>(of seats: Seats, _ body: () -> Result) -> Result {
    enter(Scope(seats: Unmanaged.passUnretained(seats)), body)
  }

  @inline(__always)
  private static func enter<Result>(_ scope: Scope, _ body: () -> Result) -> Result {
    let outer = adj_thread_value()
    defer { adj_set_thread_value(outer) }
    return withUnsafePointer(to: scope) { scope in
      adj_set_thread_value(UnsafeMutableRawPointer(mutating: scope))
      return body()
    }
  }
}
