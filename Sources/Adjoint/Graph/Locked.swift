internal import DependencyScheduling

/// A value behind a lock.
final class Locked<Value>: @unchecked Sendable {  // because `value` is only reached with the lock held
  private var value: Value
  private let lock = PlatformLock()

  init(_ value: Value) { self.value = value }

  @inline(__always)
  func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R {
    try lock.withLock { try body(&value) }
  }
}
