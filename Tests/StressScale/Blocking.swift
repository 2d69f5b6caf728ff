import Foundation

/// Calls `body`, which blocks, from the asynchronous body of a test: where the test is what there is to run.
///
/// - Parameter body: called once, on this thread.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
@discardableResult
package func blocking<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }

/// Calls `body`, which blocks, on a thread of its own, and awaits it. For a `body` that waits for tasks: these need
/// threads of Swift's pool, which has as many as there are processors, and other tests hold some.
///
/// - Parameter body: called once.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
@discardableResult
package func onItsOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
