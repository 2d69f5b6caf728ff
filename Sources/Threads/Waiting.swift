public import CThreads
internal import Dispatch

/// Offers the processor to whoever else wants it: between two looks at what another thread will soon give back.
@inlinable
package func offerProcessor() { adj_yield() }

/// Waits for a few nanoseconds, and tells the processor so.
@inlinable
package func hintSpinning() { adj_spin_hint() }

/// Asks for the cache line at `address` in order to write to it, and goes on without waiting for it.
@inlinable
package func prefetchForWriting(_ address: UnsafeRawPointer) { adj_prefetch_for_writing(address) }

/// Waits, in turn after turn, for something that another thread will do sooner or later: at first it only offers the
/// processor, later it sleeps for a millisecond at a time.
///
/// ```swift
/// var wait = PatientWait()
/// while !isThere { wait.once() }
/// ```
package struct PatientWait {
  /// Turns that only offer the processor: what is soon given back is not slept over.
  private static let busyTurns = 100  // Decisions/Waking.md
  private static let nap: Int64 = 1_000_000  // Decisions/Waking.md
  private var turns = 0

  package init() {}

  @available(*, noasync)
  package mutating func once() {
    turns += 1
    if turns <= Self.busyTurns { offerProcessor() } else { adj_sleep(Self.nap) }
  }

  /// As the synchronous form, without blocking a thread of Swift's cooperative pool; also in a task that is cancelled.
  package mutating func once() async {
    turns += 1
    if turns <= Self.busyTurns { return await Task.yield() }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(Self.nap))) { continuation.resume() }
    }
  }
}
