import Synchronization

/// How far an asynchronous run of tasks has come: how many units are left, and what its children have done.
///
/// **Who must see what.** The parent must see what every unit and every child wrote: each *releases* it with its own
/// decrement or increment, the parent *acquires* both before it goes on. Resuming a task does so too, but inside
/// Swift's runtime, where the Thread Sanitizer does not look on Linux.
struct TaskProgress: ~Copyable {
  private let unitsLeft: Atomic<Int>
  private let childrenEnded = Atomic(0)

  init(unitCount: Int) {
    unitsLeft = Atomic(unitCount)
  }

  /// A unit has run; true if it was the last.
  func noteUnit() -> Bool {
    unitsLeft.subtract(1, ordering: .releasing).newValue == 0
  }

  /// Whether every unit has run.
  var isComplete: Bool {
    unitsLeft.load(ordering: .acquiring) == 0
  }

  /// A child has ended.
  func noteChild() {
    childrenEnded.add(1, ordering: .releasing)
  }

  /// No child is left; the caller sees what they did.
  func join() {
    _ = childrenEnded.load(ordering: .acquiring)
  }
}
