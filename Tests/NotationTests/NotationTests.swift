import Testing

import Notation

@Suite(.timeLimit(.minutes(20))) struct NotationTests {
  @Test(
    .timeLimit(.minutes(20)),
    arguments: [
      (-12, "-12"), (0.7310585786, "0.731059"), (1e-7, "1e-07"), (.nan, "nan"), (-0.0, "0"), (.infinity, "inf"),
      (1_234_567, "1234570"), (Double.leastNonzeroMagnitude, "5e-324"),
    ])
  func `a number has six significant digits`(number: Double, text: String) {
    #expect(NumberText.significant(number) == text)
  }

  @Test func `decimals are rounded, and zero has no sign`() {
    #expect(NumberText.fixed(-0.5, decimals: 2) == "-0.50" && NumberText.fixed(-0.001, decimals: 2) == "0.00")
    #expect(NumberText.fixed(2.5, decimals: 0) == "3" && NumberText.fixed(999.96, decimals: 1) == "1000.0")
    #expect(NumberText.rounded(-1.04, decimals: 1) == "-1" && NumberText.rounded(100, decimals: 0) == "100")
    #expect(NumberText.rounded(0.25, decimals: 3) == "0.25" && NumberText.rounded(-0.04, decimals: 1) == "0")
    #expect(NumberText.scaled(7, decimals: 3) == "0.007" && NumberText.scaled(12_345, decimals: 3) == "12.345")
  }

  @Test func `counts are grouped, and one of a kind is singular`() {
    #expect(NumberText.grouped(1_048_576) == "1,048,576" && NumberText.grouped(-1_000) == "-1,000")
    #expect(NumberText.grouped(999) == "999" && NumberText.grouped(.min) == "-9,223,372,036,854,775,808")
    #expect(NumberText.count(1, "unit") == "1 unit" && NumberText.count(0, "unit") == "0 units")
  }

  @Test func `a time has the unit that leaves it readable`() {
    let times: [(Int64, String)] = [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.0 µs"), (12_399, "12.3 µs"), (4_500_000, "4.5 ms"),
      (6_700_000_000, "6.7 s"),
    ]
    for (nanoseconds, text) in times { #expect(NumberText.time(nanoseconds: nanoseconds) == text) }
  }

  @Test func `a quoted text escapes what JSON allows in no string, and nothing else`() {
    #expect(JSONText.quoted("a \"b\" \\ \n \u{1} \u{1F} é 😀") == #""a \"b\" \\ \u000a \u0001 \u001f é 😀""#)
    #expect(NumberText.hexadecimal(.max, digits: 4) == "ffffffffffffffff")
  }
}
