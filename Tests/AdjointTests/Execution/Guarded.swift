import Foundation

/// A value behind a lock that the Thread Sanitizer knows: `Synchronization.Mutex` makes it report races that are none.
final class Guarded<Value>: @unchecked Sendable {  // because `value` is only reached with the lock held
  private var value: Value
  private let lock = NSLock()
  init(_ value: Value) { self.value = value }
  func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R { try lock.withLock { try body(&value) } }
}
