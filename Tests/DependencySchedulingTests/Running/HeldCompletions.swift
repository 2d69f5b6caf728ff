import Dispatch
import Synchronization

@testable import DependencyScheduling

/// Completions that nobody has given yet.
final class HeldCompletions: Sendable {
  private let completions = Locked<[UnitCompletion]>([])
  private let taken = Tally()

  /// How many units have suspended so far.
  var count: Int { taken.value }

  /// Every unit suspends.
  func body() -> UnitBody {
    UnitBody(suspending: { [self] _, context in
      add(context.suspend())
    })
  }

  func add(_ completion: UnitCompletion) {
    completions.withLock { $0.append(completion) }
    taken.add()
  }

  func finishAll() {
    let all = completions.withLock { completions in
      defer { completions = [] }
      return completions
    }
    for completion in all { completion.finish() }
  }
}

/// A thread that completes what it is given in a random order.
final class Completer: Sendable {
  private let waiting = Locked<[@Sendable () -> Void]>([])
  private let isStopped = Atomic(false)
  private let given = DispatchSemaphore(value: 0)
  private let end = DispatchSemaphore(value: 0)

  init(seed: UInt64) {
    _ = TestThread { [self] in
      var random = SeededGenerator(seed: seed)
      while true {
        given.wait()
        if isStopped.load(ordering: .relaxed) { break }
        if random.below(4) == 0 { spin(microseconds: UInt64(random.below(50))) }
        let position = Int(random.next() >> 33)
        waiting.withLock { $0.remove(at: position % $0.count) }()
      }
      end.signal()
    }
  }

  func add(_ completion: @escaping @Sendable () -> Void) {
    waiting.withLock { $0.append(completion) }
    given.signal()
  }

  /// Waits for the end of the thread; everything has been completed.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    given.signal()
    end.wait()
  }
}
