import Testing

/// Lines of the lengths that the suite sends and gets.
@Suite struct LongLineTests {
  @Test func `a line of 30 MB is read and answered`() throws {
    let tool = try Tool()
    let padding = String(repeating: "x", count: 30_000_000)
    let message = #"{"id":0,"kind":"evaluate","module":"hello","function":"square","input":3,"padding":"\#(padding)"}"#
    #expect(try tool.answer(to: message)["output"] as? Double == 9)
    #expect(try tool.finish() == 0)
  }

  /// The suite gets up to a million, for which a tool built for debugging takes 24 s.
  @Test func `a hundred thousand timings come in one answer`() throws {
    let tool = try Tool()
    let line = try tool.answerLine(
      to: #"{"id":0,"kind":"evaluate","module":"llsq","function":"primal","input":"#
        + #"{"x":[1,2],"n":3,"min_runs":100000,"min_seconds":0}}"#)
    // Sign −1, 0, 1 of t −1, 0, 1 less 1 + 2t: ½ (0 + 1 + 4).
    #expect(line.hasPrefix(#"{"id":0,"success":true,"output":2.5,"timings":[{"name":"prepare","nanoseconds":"#))
    #expect(line.utf8.split(separator: UInt8(ascii: "{")).count == 1 + 1 + 100_000)
    #expect(line.hasSuffix("}]}"))
    #expect(try tool.answer(to: #"{"id":1,"kind":"analysis","of":0,"valid":true}"#)["id"] as? Int == 1)
  }
}
