internal import Threads

/// A value that one thread at a time may use, by a lock that the Thread Sanitizer sees.
final class Locked<Value>: @unchecked Sendable {  // because `lock` guards the value
  private let lock = PlatformLock()
  private var value: Value

  init(_ value: Value) {
    self.value = value
  }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try lock.withLock { () throws -> Result in try body(&value) }
  }
}
