import Testing

@Suite struct OptionTests {
  @Test(arguments: ["0", "-1", "two"]) func `a width that is none is refused in a sentence`(width: String) throws {
    let (code, sentence) = try Tool.refusal("--width=" + width)
    #expect(code != 0)
    let bounds = "the width of an executor is from 1, its caller, to 4096, got \(width)"
    let reason = width == "two" ? "'two' is invalid" : bounds
    #expect(sentence.contains(reason), "\(sentence)")
  }
}
