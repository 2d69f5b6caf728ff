import Testing

@testable import AdjointTesting

@Suite(.timeLimit(.minutes(20))) struct GradientVerdictTests {
  @Test(
    .timeLimit(.minutes(20)),
    arguments: [
      (0, "0 %"), (0.0593, "5.9 %"), (1, "100 %"), (1e-6, "0.0001 %"), (123.4, "12000 %"),
      (.infinity, "infinitely many %"), (.nan, "infinitely many %"), (1e-308, "less than 1e-300 %"),
      (Double.leastNonzeroMagnitude, "less than 1e-300 %"),
    ]) func `an error in per cent has two digits, however small`(fraction: Double, text: String)
  {
    #expect(GradientVerdict.percent(fraction) == text)
  }
}
