import Dispatch
import Foundation
import Testing

@testable import Adjoint

/// What waits at a ``TurnQueue`` goes on in order of arrival, or leaves.
@Suite(.timeLimit(.minutes(20))) struct TurnQueueTests {
  private final class Counter: @unchecked Sendable {  // because the queue orders all accesses
    var value = 0
  }

  /// Waits until so many wait.
  private func expectWaiters(_ count: Int, at queue: TurnQueue) async throws {
    while queue.waiterCount != count { try await Task.sleep(for: .microseconds(100)) }
  }

  @Test func `tasks and threads that wait have their turns in order of arrival`() async throws {
    let queue = TurnQueue(), order = Guarded<[Int]>([])
    let threads = DispatchGroup()
    try #require(queue.claim(.alone))
    var tasks: [Task<Void, any Error>] = []
    for number in 0..<12 {
      if number % 3 == 2 {
        DispatchQueue(label: "waits").async(group: threads) {
          queue.turnBlocking(.alone)
          order.withLock { $0.append(number) }
          queue.end()
        }
      } else {
        tasks.append(
          Task {
            if number % 3 == 0 { try await queue.turn(.alone) } else { await queue.turnInAnyCase(.alone) }
            order.withLock { $0.append(number) }
            queue.end()
          })
      }
      try await expectWaiters(number + 1, at: queue)
    }
    #expect(!queue.claim(.alone) && !queue.claim(.shared))
    queue.end()
    for task in tasks { try await task.value }
    await withCheckedContinuation { done in threads.notify(queue: .global()) { done.resume() } }
    #expect(order.withLock { $0 } == Array(0..<12))
    #expect(queue.claim(.alone))
  }

  @Test func `a task that is cancelled while it waits has no turn, and lets those behind it pass`() async throws {
    let queue = TurnQueue()
    try #require(queue.claim(.shared))
    let writer = Task { try await queue.turn(.alone) }
    try await expectWaiters(1, at: queue)
    let reader = Task { try await queue.turn(.shared) }
    try await expectWaiters(2, at: queue)
    #expect(!queue.claim(.shared), "it would overtake the writer")
    writer.cancel()
    await #expect(throws: CancellationError.self) { try await writer.value }
    try await reader.value
    #expect(queue.claim(.shared), "nobody is in the way")
    for _ in 0..<3 { queue.end() }
    #expect(queue.claim(.alone))

    // A task that is cancelled before it asks does not wait, either; one that is not to be cancelled does.
    let late = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await queue.turn(.alone)
    }
    await #expect(throws: CancellationError.self) { try await late.value }
    let stubborn = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await queue.turnInAnyCase(.alone)
    }
    try await expectWaiters(1, at: queue)
    queue.end()
    await stubborn.value
    #expect(!queue.claim(.shared))
    queue.end()
    #expect(queue.claim(.alone))
  }

  @Test func `whoever comes, waits, leaves and ends, one has it alone or several share it`() async throws {
    let queue = TurnQueue()
    let counter = Counter()
    let turns = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<8 {
        group.addTask {
          var turns = 0
          for round in 0..<200 {
            if (round + number) % 5 == 0 {
              let task = Task { try await queue.turn(.alone) }
              task.cancel()
              if case .success = await task.result { queue.end() }
            } else if number % 2 == 0 {
              try await queue.turn(.alone)
              counter.value += 1
              turns += 1
              queue.end()
            } else {
              await queue.turnInAnyCase(.shared)
              let seen = counter.value
              await Task.yield()
              #expect(counter.value == seen)
              queue.end()
            }
          }
          return turns
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(counter.value == turns && turns == 640)
    #expect(queue.claim(.alone))
  }
}
