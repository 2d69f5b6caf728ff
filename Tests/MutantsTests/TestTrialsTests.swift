import Foundation
import Testing

@testable import WrongLines
@testable import mutants

/// The whole way of a wrong line, with a bench that needs no compiler.
@Suite(.timeLimit(.minutes(20))) struct TestTrialsTests {
  static let test = "ATests.Suite/`it holds`()/Suite.swift:9:4"

  /// Its one file has one word. "unseen" passes all tests, "syntax" does not build, "crash" and "hang" do as they say.
  struct Bench: TestBench {
    let copy: PackageCopy
    var complaint: String { "error: syntax" }

    func build() throws -> Ending { .exited(try word == "syntax" ? 1 : 0) }

    func test(_ names: [TestName], limit: Double) throws -> (log: TestLog, ending: Ending) {
      let began = names.contains { $0.covers(TestTrialsTests.test) } ? [TestTrialsTests.test] : []
      let log = TestLog(started: began)
      if began.isEmpty { return (log, .exited(69)) }
      switch try word {
      case "right", "unseen": return (log, .exited(0))
      case "crash": return (log, .signalled(11))
      case "hang": return (log, .timedOut)
      default: return (TestLog(started: began, failed: began), .exited(1))
      }
    }

    private var word: String { get throws { try copy.source(of: "Sources/A/A.swift") } }
  }

  private func trials(of entries: [Entry], source: String = "right") throws -> (trials: [Trial], source: String) {
    try withFolder { (folder) throws in
      let copy = PackageCopy(in: folder)
      try Repository.write(["Sources/A/A.swift": source], in: copy.root)
      var trials: [Trial] = []
      try TestTrials(copy: copy, bench: Bench(copy: copy), limit: 1).run(
        entries, tell: { trials.append($0) }, note: { _ in })
      return (trials, try copy.source(of: "Sources/A/A.swift"))
    }
  }

  @Test func `lines that a test sees are caught, and each is taken back`() throws {
    let (trials, source) = try trials(of: [.sample("wrong"), .sample("crash"), .sample("wrong, too")])
    #expect(trials.count == 3)
    #expect(source == "right")
    let report = Report(trials: trials)
    #expect(report.isClean)
    #expect(report.description.hasSuffix("\nwrong lines caught: 3 of 3"))
  }

  @Test(arguments: ["unseen", "syntax", "hang"])
  func `a line that no test sees, that does not build or that hangs is not caught`(wrong: String) throws {
    let (trials, source) = try trials(of: [.sample("wrong"), .sample(wrong)])
    #expect(source == "right")
    let report = Report(trials: trials)
    #expect(!report.isClean)
    #expect(report.description.hasSuffix("\nwrong lines caught: 1 of 2"))
    switch (wrong, trials.last!.verdict) {
    case ("syntax", .invalid(let why)): #expect(why.contains("error: syntax"))
    case ("unseen", .missed), ("hang", .missed): break
    case (_, let verdict): Issue.record("\(verdict)")
    }
  }

  @Test func `a name that stands for no test is an error of the entry`() throws {
    let (trials, _) = try trials(of: [.sample("wrong"), .sample("wrong", by: "ATests.Suit")])
    #expect(Report(trials: trials).description.hasSuffix("\nwrong lines caught: 1 of 2"))
    guard case .invalid = trials.last!.verdict else { return #expect(Bool(false), "\(trials)") }
  }

  @Test func `a test that fails without the wrong line catches nothing`() throws {
    let entry = Entry(
      area: "arithmetic",
      line: WrongLine("", in: "Sources/A/A.swift", replace: "off", with: "wrong", caughtBy: "ATests.Suite"))
    let (trials, _) = try trials(of: [entry], source: "off")
    guard case .invalid = trials.last!.verdict else { return #expect(Bool(false), "\(trials)") }
  }

  @Test func `a package that does not build ends everything`() {
    #expect(throws: ChildProcess.Failure.self) { try trials(of: [.sample("wrong")], source: "syntax") }
  }

  @Test func `the table has a row for each area and module`() {
    let elsewhere = WrongLine("", in: "Sources/B/B.swift", replace: "a", with: "b", caughtBy: "ATests.Suite")
    let trials = [
      Trial(entry: .sample("a"), verdict: .caught("")), Trial(entry: .sample("b"), verdict: .missed("not seen")),
      Trial(entry: Entry(area: "arithmetic", line: elsewhere), verdict: .caught("")),
    ]
    let lines = Report(trials: trials).description.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines[0] == ["arithmetic", "A", "1", "of", "2"])
    #expect(lines[1] == ["arithmetic", "B", "1", "of", "1"])
    #expect(Report(trials: trials).description.contains("not seen"))
  }
}
