import Testing

@testable import WrongLines
@testable import mutants

/// Where a wrong line goes.
@Suite(.timeLimit(.minutes(20))) struct WrongLineTests {
  static func line(after place: String? = nil, _ text: String, with replacement: String = "c") -> WrongLine {
    WrongLine("wrong", in: "A.swift", after: place, replace: text, with: replacement, caughtBy: "ATests.Suite")
  }

  @Test func `a text that occurs once is replaced`() throws {
    #expect(try Self.line("b").apply(to: "a\nb\na\n") == "a\nc\na\n")
    #expect(try Self.line("b", with: "").apply(to: "a\nb\na\n") == "a\n\na\n")
    #expect(try Self.line("a\nb").apply(to: "a\nb\na\n") == "c\na\n")
  }

  @Test func `a text that occurs never or twice does not apply`() {
    #expect(throws: WrongLine.Mismatch.self) { try Self.line("a").apply(to: "a\nb\na\n") }
    #expect(throws: WrongLine.Mismatch.self) { try Self.line("d").apply(to: "a\nb\na\n") }
    #expect(throws: WrongLine.Mismatch.self) { try Self.line("aa").apply(to: "aaa") }
    #expect(throws: WrongLine.Mismatch.self) { try Self.line("").apply(to: "a") }
    #expect(throws: WrongLine.Mismatch.self) { try Self.line("b", with: "b").apply(to: "a\nb\na\n") }
  }

  @Test func `after a place that occurs once, the first occurrence is replaced`() throws {
    #expect(try Self.line(after: "b", "a").apply(to: "a\nb\na\na\n") == "a\nb\nc\na\n")
    #expect(throws: WrongLine.Mismatch.self) { try Self.line(after: "a", "b").apply(to: "a\nb\na\n") }
    #expect(throws: WrongLine.Mismatch.self) { try Self.line(after: "d", "b").apply(to: "a\nb\na\n") }
    #expect(throws: WrongLine.Mismatch.self) { try Self.line(after: "b", "b").apply(to: "a\nb\na\n") }
  }

  @Test func `the list has no line twice`() {
    let lines = WrongLine.all.map { [$0.file, $0.place ?? "", $0.text, $0.replacement, "\($0.proof)"] }
    #expect(Set(lines).count == lines.count)
    #expect(Set(WrongLine.areas.map(\.name)).count == WrongLine.areas.count)
  }

  @Test func `each line of the list applies, and what should notice it is there`() throws {
    let check = try ListCheck(of: Repository.root)
    for line in WrongLine.all { #expect(check.problem(with: line) == nil) }
  }

  @Test func `a file, a suite or a test that is not there is noticed`() throws {
    try withFolder { (folder) throws in
      try Repository.write(
        [
          "Sources/A/A.swift": "right\n", "Tests/ATests/Other.swift": "@Suite struct SuiteOfAll {}\n",
          "Tests/ATests/Suite.swift": "@Suite struct Suite {\n  @Test func `it holds`() {}\n}\n",
          "Tests/ATests/More.swift": "extension Suite {\n  @Test func holds() {}\n}\n",
        ], in: folder)
      let check = try ListCheck(of: folder)
      func problem(_ name: TestName) -> String? { check.problem(with: Entry.sample("wrong", by: name).line) }
      #expect(problem("ATests.Suite") == nil)
      #expect(problem("ATests.Suite/`it holds`") == nil)
      #expect(problem("ATests.Suite/holds") == nil)
      #expect(problem("ATests.Suite/`it`") != nil)
      #expect(problem("ATests.Suites") != nil)
      #expect(problem("ATests.SuiteOf") != nil)
      #expect(problem("ATests.SuiteOfAll/`it holds`") != nil)
      #expect(problem("BTests.Suite") != nil)
      #expect(problem("ATests") != nil)
      let elsewhere = WrongLine("", in: "Sources/A/B.swift", replace: "a", with: "b", caughtBy: "ATests.Suite")
      #expect(check.problem(with: elsewhere) != nil)
      #expect(check.problem(with: Self.line("b")) != nil)
    }
  }
}
