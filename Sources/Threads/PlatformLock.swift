package import LibC

/// A mutual-exclusion lock: the system's own.
///
/// `Synchronization.Mutex` is built on a futex that the Thread Sanitizer cannot see, and reports races that are not
/// there; the sanitizer knows `pthread_mutex_t`.
///
/// Any thread may take it; whoever took it gives it back, and nobody takes it twice.
package final class PlatformLock: Sendable {
  @usableFromInline
  nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>  // because the mutex guards itself

  package init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    let status = pthread_mutex_init(mutex, nil)
    precondition(status == 0, "The system has no room for another lock, error \(status)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  @inlinable package func lock() { pthread_mutex_lock(mutex) }
  @inlinable package func unlock() { pthread_mutex_unlock(mutex) }

  /// Calls `body` if nobody has the lock; otherwise returns `nil` at once.
  package func withLockIfFree<Result>(_ body: () -> Result) -> Result? {
    guard pthread_mutex_trylock(mutex) == 0 else { return nil }
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  @inlinable
  package func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}
