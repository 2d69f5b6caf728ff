import Testing

@testable import WrongLines
@testable import mutants

/// What a run of tests says of a wrong line.
@Suite(.timeLimit(.minutes(20))) struct VerdictTests {
  static let first = "ATests.Suite/`it holds`()/Suite.swift:9:4"
  static let second = "ATests.Suite/`it holds, too`(value:)/Suite.swift:19:4"

  enum Kind { case caught, missed, invalid }

  static let cases: [(TestLog, Ending, TestName, Kind)] = [
    (TestLog(started: [first, second]), .exited(0), "ATests.Suite", .missed),
    (TestLog(started: [first, second], failed: [second]), .exited(1), "ATests.Suite", .caught),
    // The test that is named must be the one that fails.
    (TestLog(started: [first, second], failed: [second]), .exited(1), "ATests.Suite/`it holds, too`", .caught),
    (TestLog(started: [second], failed: [second]), .exited(1), "ATests.Suite/`it holds`", .invalid),
    // Nothing ran.
    (TestLog(started: []), .exited(0), "ATests.Suite", .invalid),
    (TestLog(started: []), .exited(69), "ATests.Suite", .invalid),
    (TestLog(started: []), .signalled(11), "ATests.Suite", .invalid),
    (TestLog(started: ["ATests.Suites/`it holds`()/Suite.swift:9:4"]), .exited(0), "ATests.Suite", .invalid),
    // A crash, and the exit of a watchdog.
    (TestLog(started: [first]), .signalled(4), "ATests.Suite", .caught),
    (TestLog(started: [first]), .exited(1), "ATests.Suite", .caught),
    // A test that hangs is not enough, unless another has failed before.
    (TestLog(started: [first, second]), .timedOut, "ATests.Suite", .missed),
    (TestLog(started: [first, second], failed: [first]), .timedOut, "ATests.Suite", .caught),
  ]

  @Test(arguments: cases.indices)
  func `a line is caught by a failure, a crash or an error once a named test has begun`(row: Int) {
    let (log, ending, name, kind) = Self.cases[row]
    switch (Verdict(log, ending, of: name), kind) {
    case (.caught, .caught), (.missed, .missed), (.invalid, .invalid): break
    case (let verdict, _): Issue.record("\(verdict), not \(kind)")
    }
  }

  @Test func `on the sources as they are, each name must have run and passed`() {
    let both = TestLog(started: [Self.first, Self.second])
    let failed = TestLog(started: [Self.first, Self.second], failed: [Self.second])
    #expect(Verdict.obstacle(both, .exited(0), of: "ATests.Suite") == nil)
    #expect(Verdict.obstacle(failed, .exited(1), of: "ATests.Suite/`it holds`") == nil)
    #expect(Verdict.obstacle(failed, .exited(1), of: "ATests.Suite") != nil)
    #expect(Verdict.obstacle(both, .exited(0), of: "ATests.Other") != nil)
    #expect(Verdict.obstacle(both, .exited(1), of: "ATests.Suite") != nil)
    #expect(Verdict.obstacle(both, .signalled(11), of: "ATests.Suite") != nil)
    #expect(Verdict.obstacle(failed, .signalled(11), of: "ATests.Suite/`it holds`") != nil)
    #expect(Verdict.obstacle(both, .timedOut, of: "ATests.Suite") != nil)
  }

  @Test func `a test's name ends before its parameters`() {
    #expect(shortName(of: Self.second) == "ATests.Suite/`it holds, too`")
    #expect(shortName(of: "ATests.Suite/`f(x) is x`()/Suite.swift:9:4") == "ATests.Suite/`f(x) is x`")
    #expect(shortName(of: "ATests.Suite/holds()/Suite.swift:9:4") == "ATests.Suite/holds")
    #expect(shortName(of: "ATests.Suite") == "ATests.Suite")
  }
}
