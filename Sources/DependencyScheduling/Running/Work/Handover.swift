import Synchronization

/// Publishes what the units wrote to the task that awaited them.
///
/// Resuming a continuation does so too, but inside Swift's runtime, where the Thread Sanitizer does not look on Linux;
/// it would report every embedder's read of a result as a race.
///
/// **Who must see what.** The task must see what every unit wrote: the block *releases* after the run has returned to
/// it, the task *acquires* when it goes on.
final class Handover: Sendable {
  private let isPublished = Atomic<Bool>(false)

  func publish() {
    isPublished.store(true, ordering: .releasing)
  }

  func receive() {
    _ = isPublished.load(ordering: .acquiring)
  }
}
