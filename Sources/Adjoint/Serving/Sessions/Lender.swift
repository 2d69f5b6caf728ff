internal import Dispatch
import Synchronization

/// The shell of a ``LendingLine``: locks it, asks, unlocks, then acts.
final class Lender<Item: Sendable>: Sendable {
  /// What a task waits for: an item, or `nil` to make one itself.
  private typealias Waiter = CheckedContinuation<Item?, any Error>
  private let line: Locked<LendingLine<Item, Waiter>>
  private let tickets = Atomic<UInt64>(0)

  init(limit: Int) { line = Locked(LendingLine(limit: limit)) }

  /// An item that is the caller's until ``giveBack(_:)`` or ``lose()``; `nil` if they are to make it.
  ///
  /// - Throws: `CancellationError` if the task is cancelled, ``ServingError/deadlinePassed``; then nothing is taken.
  func take(until deadline: ContinuousClock.Instant?, isolation: isolated (any Actor)?) async throws -> Item? {
    if Task.isCancelled { throw CancellationError() }
    if let answer = change({ $0.take() }) { return answer.item }
    if let deadline, deadline <= .now { throw ServingError.deadlinePassed }
    // Drawn before waiting, so that whoever cancels knows who it is.
    let ticket = Ticket(number: tickets.wrappingAdd(1, ordering: .relaxed).newValue)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: Waiter) in
        if let answer = change({ $0.ask(waiter, ticket) }) {
          waiter.resume(returning: answer.item)
          return
        }
        // Cancelled before there was anybody to be found by that ticket.
        if Task.isCancelled { leave(ticket, CancellationError()) }
        if let deadline {
          DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds(until: deadline))) {
            [weak self] in self?.leave(ticket, ServingError.deadlinePassed)
          }
        }
      }
    } onCancel: {
      leave(ticket, CancellationError())
    }
  }

  func giveBack(_ item: Item) { act(on: change { $0.giveBack(item) }) }
  func lose() { act(on: change { $0.lose() }) }

  /// Gives up all items that are not lent.
  ///
  /// - Returns: how many those were.
  func trim() -> Int { change { $0.takeIdle() }.count }

  /// How many items were ever made, and how many of them are there, are idle and are waited for.
  var counts: (made: Int, count: Int, idle: Int, waiting: Int) {
    line.withLock { ($0.made, $0.count, $0.idle.count, $0.waiting) }
  }

  private func leave(_ ticket: Ticket, _ error: any Error) {
    change { $0.leave(ticket) }?.resume(throwing: error)
  }

  private func act(on handover: LendingLine<Item, Waiter>.Handover?) {
    if let handover { handover.waiter.resume(returning: handover.answer.item) }
  }

  private func change<R>(_ event: (inout LendingLine<Item, Waiter>) -> R) -> R {
    line.withLock { line in
      defer { line._checkInvariants() }
      return event(&line)
    }
  }
}

extension LendingLine.Answer {
  fileprivate var item: Item? {
    if case .lend(let item) = self { item } else { nil }
  }
}

/// How far away an instant is, for Dispatch: 0 for one that has passed, and three centuries at the most.
func nanoseconds(until instant: ContinuousClock.Instant) -> Int {
  Int(min(max(ContinuousClock.now.duration(to: instant) / .nanoseconds(1), 0), 9e18))
}
