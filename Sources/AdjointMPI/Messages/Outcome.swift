internal import Dispatch

/// A result that another thread gives, and this one waits for.
final class Outcome<Value: Sendable>: @unchecked Sendable {  // because it is set before, and read after, a signal
  private var result: Result<Value, ClusterError>?
  private let isThere = DispatchSemaphore(value: 0)

  func set(_ result: Result<Value, ClusterError>) {
    self.result = result
    isThere.signal()
  }

  func wait() throws(ClusterError) -> Value {
    isThere.wait()
    return try result!.get()
  }
}
