import Foundation
import Testing

@testable import WrongLines
@testable import mutants

/// The whole way of a wrong line, with a bench that needs no compiler.
@Suite(.timeLimit(.minutes(20))) struct TestTrialsTests {
  static let test = "ATests.Suite/`it holds`()/Suite.swift:9:4"

  /// Each of its files has one word. "unseen" passes all tests, "syntax" does not build, "crash" and "hang" do as they
  /// say; two words that are not "right" do not build either.
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

    private var word: String {
      get throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: copy.root.path + "/Sources/A")
        let wrong = try names.map { try copy.source(of: "Sources/A/\($0)") }.filter { $0 != "right" }
        return wrong.count > 1 ? "syntax" : wrong.first ?? "right"
      }
    }
  }

  private func trials(of entries: [Entry], source: String = "right") throws -> (trials: [Trial], source: String) {
    try withFolder { (folder) throws in
      let copy = PackageCopy(in: folder)
      try Repository.write(["Sources/A/A.swift": source], in: copy.root)
      var trials: [Trial] = []
      try TestTrials(benches: [Bench(copy: copy)], limit: 1).run(
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

  @Test func `several copies try each line once, one line at a time in each, and take all back`() throws {
    try withFolder { (folder) throws in
      let files = (1...7).map { "Sources/A/\($0).swift" }
      let benches = try (1...3).map { number in
        let copy = PackageCopy(in: folder.appending(path: "\(number)"))
        try Repository.write(Dictionary(uniqueKeysWithValues: files.map { ($0, "right") }), in: copy.root)
        return Bench(copy: copy)
      }
      let entries = files.flatMap { file in
        ["wrong", "worse"].map { wrong in
          let line = WrongLine(wrong, in: file, replace: "right", with: wrong, caughtBy: "ATests.Suite")
          return Entry(area: "arithmetic", line: line)
        }
      }
      var trials: [Trial] = []
      try TestTrials(benches: benches, limit: 1).run(
        entries.shuffled(), tell: { trials.append($0) }, note: { _ in })
      let told = trials.map { $0.entry.line.file + $0.entry.line.summary }
      #expect(told.sorted() == entries.map { $0.line.file + $0.line.summary }.sorted())
      #expect(Report(trials: trials).isClean, "\(Report(trials: trials))")
      for bench in benches {
        for file in files { try #expect(bench.copy.source(of: file) == "right") }
      }
    }
  }

  @Test func `a copy that does not build ends everything, whichever it is`() throws {
    try withFolder { (folder) throws in
      let benches = try ["right", "syntax"].map { word in
        let copy = PackageCopy(in: folder.appending(path: word))
        try Repository.write(["Sources/A/A.swift": word], in: copy.root)
        return Bench(copy: copy)
      }
      #expect(throws: ChildProcess.Failure.self) {
        try TestTrials(benches: benches, limit: 1).run([.sample("wrong")], tell: { _ in }, note: { _ in })
      }
    }
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
