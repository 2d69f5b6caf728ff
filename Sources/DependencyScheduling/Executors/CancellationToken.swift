import Dispatch
import Synchronization
internal import Threads

/// A request to stop, shared by whoever asks and the runs that should end.
///
/// ```swift
/// let token = CancellationToken()
/// button.onClick { token.cancel() }
/// try executor.run(schedule, cancellation: token) { unit in cells[Int(unit.index)].update() }  // throws
/// ```
/// Workers look between two units, never inside one: a unit that has started also ends, unless it asks for itself (see
/// ``CurrentRun``). A token stays cancelled; the next run needs a new one. All members may be used from any thread at
/// any time.
public final class CancellationToken: Sendable {
  /// Carries no data of its own, so relaxed suffices: a run that sees it stops and publishes nothing through it.
  private let flag = Atomic<Bool>(false)

  /// A token whose cancellation is also this one's.
  private let parent: CancellationToken?

  /// When the token is cancelled by itself.
  private let deadline: ContinuousClock.Instant?

  private let lock = PlatformLock()
  private nonisolated(unsafe) var handlers: [Int: @Sendable () -> Void] = [:]  // because `lock` guards them
  private nonisolated(unsafe) var handlerCount = 0  // because `lock` guards it
  private nonisolated(unsafe) var hasTimer = false  // because `lock` guards it

  /// A token that nobody has cancelled.
  public init() {
    (parent, deadline) = (nil, nil)
  }

  /// A token that is cancelled at `deadline`, if nobody does it before. Workers that look at it look at the clock.
  public init(deadline: ContinuousClock.Instant) {
    (parent, self.deadline) = (nil, deadline)
  }

  /// A token that is cancelled by itself or by `parent`.
  init(parent: CancellationToken?) {
    (self.parent, deadline) = (parent, nil)
  }

  /// Asks every run that was given this token to stop. Calling it again changes nothing.
  public func cancel() {
    let handlers = lock.withLock {
      flag.store(true, ordering: .relaxed)
      defer { self.handlers = [:] }
      return self.handlers
    }
    for handler in handlers.values { handler() }
  }

  /// Whether somebody has asked, or the deadline has passed.
  public var isCancelled: Bool {
    if flag.load(ordering: .relaxed) || (parent?.isCancelled ?? false) { return true }
    guard let deadline, deadline <= .now else { return false }
    cancel()
    return true
  }

  /// As ``isCancelled``, but a deadline that has passed is only looked at.
  var wouldBeCancelled: Bool {
    flag.load(ordering: .relaxed) || parent?.wouldBeCancelled == true || deadline.map { $0 <= .now } == true
  }

  /// What ``onCancel(_:)`` returns: one handler here, and those of its parents.
  struct Handler: Sendable {
    fileprivate let number: Int
    fileprivate let parents: [Handler]
  }

  /// Has `handler` called when the token is cancelled: at once if it is already, otherwise by whoever cancels it. For
  /// runs that nobody may be working on at the time.
  func onCancel(_ handler: @escaping @Sendable () -> Void) -> Handler {
    let number = lock.withLock { () -> Int? in
      if flag.load(ordering: .relaxed) { return nil }
      handlerCount += 1
      handlers[handlerCount] = handler
      return handlerCount
    }
    if number == nil { handler() }
    if let deadline, armTimer() {
      let nanoseconds = max(deadline - .now, .zero) / .nanoseconds(1)
      DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(min(nanoseconds, 1e18)))) { [weak self] in
        _ = self?.isCancelled
      }
    }
    return Handler(number: number ?? 0, parents: parent.map { [$0.onCancel(handler)] } ?? [])
  }

  /// True to the first, who has the token cancelled at its deadline.
  private func armTimer() -> Bool {
    lock.withLock {
      defer { hasTimer = true }
      return !hasTimer
    }
  }

  /// Takes a handler back; it may be called a last time meanwhile.
  func forget(_ handler: Handler) {
    lock.withLock { handlers[handler.number] = nil }
    if let parent, let inherited = handler.parents.first { parent.forget(inherited) }
  }
}
