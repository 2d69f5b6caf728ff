internal import Dispatch

/// A thing that is used by one alone or shared, for which tasks and threads wait in order of arrival; see ``Turns``.
///
/// Who must see what: whoever has its turn sees what those wrote who had theirs before. So every claim takes the lock
/// that every end has held; one that has waited takes it once more.
struct TurnQueue: Sendable {
  private let state = Locked(State())

  private struct State: Sendable {
    var turns = Turns()
    var lastTicket = 0
    var waiting: [Int: Waiter] = [:]

    /// Takes out those whose turn it is.
    mutating func takeOut(_ tickets: [Int]) -> [Waiter] {
      tickets.isEmpty ? [] : tickets.map { waiting.removeValue(forKey: $0)! }
    }
  }

  /// Who waits. A task is told whether it has its turn.
  private enum Waiter: Sendable {
    case task(CheckedContinuation<Bool, Never>)
    case thread(DispatchSemaphore)

    /// Called without the lock.
    func goOn() {
      switch self {
      case .task(let continuation): continuation.resume(returning: true)
      case .thread(let semaphore): semaphore.signal()
      }
    }
  }

  /// Claims it if it is free for this use and nobody waits.
  func claim(_ use: Turns.Use) -> Bool { state.withLock { $0.turns.claim(use) } }

  /// Waits for the turn without blocking a thread.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while it waits; it has no turn then.
  func turn(_ use: Turns.Use) async throws {
    if claim(use) { return }
    let ticket = newTicket()
    let hasTurn = await withTaskCancellationHandler {
      await wait(for: use, ticket, isCancellable: true)
    } onCancel: {
      leave(ticket)
    }
    if !hasTurn { throw CancellationError() }
  }

  /// Waits for the turn without blocking a thread, also in a task that is cancelled.
  func turnInAnyCase(_ use: Turns.Use) async {
    if claim(use) { return }
    _ = await wait(for: use, newTicket(), isCancellable: false)
  }

  /// Waits for the turn and blocks the thread meanwhile.
  func turnBlocking(_ use: Turns.Use) {
    // Without an object, if nobody is in the way.
    if claim(use) { return }
    let semaphore = DispatchSemaphore(value: 0)
    let ticket = newTicket()
    let hasTurn = state.withLock { state in
      if state.turns.wait(for: use, ticket: ticket) { return true }
      state.waiting[ticket] = .thread(semaphore)
      return false
    }
    if hasTurn { return }
    semaphore.wait()
    state.withLock { _ in }
  }

  /// Ends a use of either kind, and wakes those whose turn it is now.
  func end() {
    for waiter in state.withLock({ state in state.takeOut(state.turns.end()) }) { waiter.goOn() }
  }

  /// How many wait.
  var waiterCount: Int { state.withLock { $0.turns.waiters.count } }

  // MARK: waiting

  private func newTicket() -> Int {
    state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
  }

  /// Whether it has its turn; false if it was cancelled.
  private func wait(for use: Turns.Use, _ ticket: Int, isCancellable: Bool) async -> Bool {
    let hasTurn = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
      let hasTurn = state.withLock { state in
        if state.turns.wait(for: use, ticket: ticket) { return true }
        state.waiting[ticket] = .task(continuation)
        return false
      }
      if hasTurn {
        continuation.resume(returning: true)
      } else if isCancellable, Task.isCancelled {
        // The handler may have come before there was anybody to take out.
        leave(ticket)
      }
    }
    state.withLock { _ in }
    return hasTurn
  }

  /// Ends a task's waiting, if its turn has not come.
  private func leave(_ ticket: Int) {
    let (left, admitted) = state.withLock { state -> (Waiter?, [Waiter]) in
      guard let admitted = state.turns.leave(ticket) else { return (nil, []) }
      return (state.waiting.removeValue(forKey: ticket), state.takeOut(admitted))
    }
    if case .task(let continuation)? = left { continuation.resume(returning: false) }
    for waiter in admitted { waiter.goOn() }
  }
}
