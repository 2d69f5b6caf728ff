import StressScale

@testable import DependencyScheduling

/// Runs `body`, and ends the process when that takes longer than `seconds`: after it has printed who sits where in
/// `executor` and all others, which is what one wants to know of a run that hangs.
///
/// The executor is not kept, so its release can be tested too.
func withWatchdog<Result>(
  seconds: Double = 30, executor: @autoclosure () -> GraphExecutor?, fileID: StaticString = #fileID, line: UInt = #line,
  _ body: () throws -> Result
) rethrows -> Result {
  let number = watch(executor(), seconds, "\(fileID):\(line)")
  defer { Watchdog.shared.forget(number) }
  return try body()
}

/// Runs code that awaits, and ends the process when that takes longer than `seconds`.
func withWatchdog<Result>(
  seconds: Double = 30, executor: @autoclosure () -> GraphExecutor?, fileID: StaticString = #fileID, line: UInt = #line,
  _ body: () async throws -> Result
) async rethrows -> Result {
  let number = watch(executor(), seconds, "\(fileID):\(line)")
  defer { Watchdog.shared.forget(number) }
  return try await body()
}

private func watch(_ executor: GraphExecutor?, _ seconds: Double, _ place: String) -> Int {
  Watchdog.shared.watch(place, seconds: seconds) { [weak executor] in executor?.debugDescription ?? "no executor" }
}
