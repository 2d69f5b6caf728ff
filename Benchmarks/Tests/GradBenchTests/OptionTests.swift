import Testing

@Suite struct OptionTests {
  @Test(arguments: ["0", "-1", "two"]) func `a width that is none is refused in a sentence`(width: String) throws {
    let (code, sentence) = try Tool.refusal("--width=" + width)
    #expect(code != 0)
    #expect(
      sentence.contains(width == "two" ? "'two' is invalid" : "the width is at least 1, got \(width)"), "\(sentence)")
  }
}
