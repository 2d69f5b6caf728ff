import Dispatch

/// One seat: where its occupant's thread comes from.
struct Seat {
  enum Source: Sendable {
    /// A serial queue of the executor's own, or the host's queue.
    case queue(DispatchQueue)
    /// The host's threads.
    case host(@Sendable (@escaping @Sendable () -> Void) -> Void)
  }

  private let source: Source
  /// What is submitted each time: kept, since a new block would be two allocations.
  private var block: (@Sendable () -> Void)?
  private var item: DispatchWorkItem?

  /// How often `item` may still be submitted. Dispatch counts a work item's executions in 32 bits and ends the process
  /// when they wrap around.
  private var submissionsLeft = 0
  private static let mostSubmissions = 1 << 30  // Decisions/Limits.md

  init(_ source: Source, _ block: @escaping @Sendable () -> Void) {
    (self.source, self.block) = (source, block)
  }

  /// What has a thread run the block; to be performed without a lock, since a host may run it in place.
  mutating func submission() -> Submission? {
    guard let block else { return nil }
    switch source {
    case .host(let submit): return .host(submit, block)
    case .queue(let queue):
      if submissionsLeft == 0 { (item, submissionsLeft) = (DispatchWorkItem(block: block), Self.mostSubmissions) }
      submissionsLeft -= 1
      return .queue(queue, item!)
    }
  }

  enum Submission {
    case queue(DispatchQueue, DispatchWorkItem)
    case host(@Sendable (@escaping @Sendable () -> Void) -> Void, @Sendable () -> Void)

    func perform() {
      switch self {
      case .queue(let queue, let item): queue.async(execute: item)
      case .host(let submit, let block): submit(block)
      }
    }
  }

  /// Lets go of the block, which keeps the seats alive.
  mutating func retire() { (block, item, submissionsLeft) = (nil, nil, 0) }
}
