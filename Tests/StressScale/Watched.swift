package import Testing

/// The limit of a suite whose tests may wait for ever: each of them is watched by a ``Watchdog``. Swift Testing's own
/// limits cannot end a thread that waits.
package struct Watched: TestTrait, SuiteTrait, TestScoping {
  let seconds: Double

  package var isRecursive: Bool { true }

  package func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? nil : self }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let number = Watchdog.shared.watch("\(test.id)", seconds: seconds)
    defer { Watchdog.shared.forget(number) }
    try await function()
  }
}

extension Trait where Self == Watched {
  /// A test of the suite may take so many seconds on a machine that has nothing else to do: many times what it takes.
  package static func watched(seconds: Double = 60) -> Self { Watched(seconds: seconds) }
}
