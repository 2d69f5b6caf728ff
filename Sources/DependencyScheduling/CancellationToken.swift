import Synchronization

/// A request to stop, shared by whoever asks and the runs that should end.
///
/// ```swift
/// let token = CancellationToken()
/// button.onClick { token.cancel() }
/// try executor.run(schedule, cancellation: token) { unit in ... }   // throws CancellationError
/// ```
/// Workers look between two units, never inside one: a unit that has started also ends. A token stays cancelled; the
/// next run needs a new one. All members may be used from any thread at any time.
public final class CancellationToken: Sendable {
  /// Carries no data of its own, so relaxed suffices: a run that sees it stops and publishes nothing through it.
  private let flag = Atomic<Bool>(false)

  /// A token whose cancellation is also this one's.
  private let parent: CancellationToken?

  public init() {
    parent = nil
  }

  /// A token that is cancelled by itself or by `parent`.
  init(parent: CancellationToken?) {
    self.parent = parent
  }

  /// Asks every run that was given this token to stop. Calling it again changes nothing.
  public func cancel() {
    flag.store(true, ordering: .relaxed)
  }

  /// Whether somebody has asked.
  public var isCancelled: Bool {
    flag.load(ordering: .relaxed) || (parent?.isCancelled ?? false)
  }
}
