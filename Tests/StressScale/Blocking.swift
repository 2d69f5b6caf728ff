/// Calls `body`, which blocks, from the asynchronous body of a test: where the test is what there is to run.
///
/// - Parameter body: called once, on this thread.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
@discardableResult
package func blocking<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }
