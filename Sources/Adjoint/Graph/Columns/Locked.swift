internal import Threads

/// A value behind a lock.
final class Locked<Value>: @unchecked Sendable {  // because `value` is only reached with the lock held
  /// Apart from the object, so that the compiler need not watch for two accesses at once, which the lock rules out.
  private let value: UnsafeMutablePointer<Value>
  private let lock = PlatformLock()

  init(_ value: Value) {
    self.value = .allocate(capacity: 1)
    self.value.initialize(to: value)
  }

  deinit {
    value.deinitialize(count: 1)
    value.deallocate()
  }

  @inline(__always)
  func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value.pointee)
  }
}
