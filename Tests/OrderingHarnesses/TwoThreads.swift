import Foundation
import Synchronization

/// Two threads that meet without ordering one another's memory accesses: whatever order there is comes from the code
/// under test.
final class TwoThreads: Sendable {
  private let firstArrived = Atomic<Int>(0)
  private let secondArrived = Atomic<Int>(0)
  private let flag = Atomic<Int>(0)

  /// Runs both bodies, each on a thread of its own, and waits for their end.
  ///
  /// Neither begins before, or ends its thread after, the other is there: the sanitizer reuses what it knows a thread
  /// by, and forgets the accesses of one that has gone.
  func run(_ first: @escaping @Sendable () -> Void, _ second: @escaping @Sendable () -> Void) {
    let (begun, ended) = (Meeting(), Meeting())
    let threads = [first, second].map { body in
      var thread = pthread_t()
      let argument = Unmanaged.passRetained(
        Body {
          begun.meet(); body(); ended.meet()
        }
      ).toOpaque()
      pthread_create(
        &thread, nil,
        {
          Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().body()
          return nil
        }, argument)
      return thread
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Where two threads wait for one another; relaxed, so it orders nothing.
  private final class Meeting: Sendable {
    private let present = Atomic<Int>(0)

    func meet() {
      present.add(1, ordering: .relaxed)
      spin { self.present.load(ordering: .relaxed) >= 2 }
    }
  }

  private final class Body {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts round `round` (from 1) on both threads at about the same time; relaxed, so it orders nothing.
  func line(first: Bool, round: Int) {
    if first {
      firstArrived.store(round, ordering: .relaxed)
      spin { self.secondArrived.load(ordering: .relaxed) >= round }
    } else {
      secondArrived.store(round, ordering: .relaxed)
      spin { self.firstArrived.load(ordering: .relaxed) >= round }
    }
  }

  /// Lets the other thread pass ``wait(for:)``; relaxed, so it orders nothing.
  func signal(_ round: Int) {
    flag.store(round, ordering: .relaxed)
  }

  func isSignalled(_ round: Int) -> Bool {
    flag.load(ordering: .relaxed) >= round
  }

  func wait(for round: Int) {
    spin { self.isSignalled(round) }
  }
}

/// Memory without any protection of its own.
struct Plain: @unchecked Sendable {  // because the code under test is what must order the accesses
  private let cells: UnsafeMutablePointer<Int>

  init(_ count: Int) {
    cells = .allocate(capacity: count)
    cells.initialize(repeating: 0, count: count)
  }

  subscript(_ index: Int) -> Int {
    get { cells[index] }
    nonmutating set { cells[index] = newValue }
  }
}

/// A value handed to both threads as it is.
struct Shared<Value>: @unchecked Sendable {  // because the value is what is tested
  let value: Value
}

/// An owner of memory, handed to both threads.
final class Box<Value: ~Copyable>: @unchecked Sendable {  // because the value is what is tested
  let value: Value
  init(_ value: consuming Value) { self.value = value }
}

/// Waits until `isDone`; on a busy machine the other thread may need this one's processor.
func spin(until isDone: () -> Bool) {
  var patience = 1_000
  while !isDone() {
    patience -= 1
    if patience <= 0 { sched_yield() }
  }
}
