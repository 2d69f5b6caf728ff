import Testing
import WrongLines

/// How a test is named, and chosen by that name alone.
@Suite(.timeLimit(.minutes(20))) struct TestNameTests {
  @Test func `a suite's filter ends at its name`() throws {
    let filter = try Regex(TestName("AdjointTests.SessionTests").filter)
    #expect("AdjointTests.SessionTests/`a step repeats`()/SessionTests.swift:9:9".contains(filter))
    #expect(!"AdjointTests.SessionTestsOfAll/`a step repeats`()/SessionTests.swift:9:9".contains(filter))
    #expect(!"AdjointTests/SessionTests/`a step repeats`()/SessionTests.swift:9:9".contains(filter))
    #expect(!"OtherAdjointTests.SessionTests/`a step repeats`()/SessionTests.swift:9:9".contains(filter))
  }

  @Test func `a test's filter takes signs of regular expressions as they are`() throws {
    let filter = try Regex(TestName("AdjointTests.GateTests/`1.5 + (x) is $x?`").filter)
    #expect("AdjointTests.GateTests/`1.5 + (x) is $x?`(gate:)/A.swift:9:9".contains(filter))
    #expect(!"AdjointTests.GateTests/`1.5 + (x) is $x? twice`(gate:)/A.swift:9:9".contains(filter))
    #expect(!"AdjointTests.GateTests/`1a5 + (x) is $x?`(gate:)/A.swift:9:9".contains(filter))
  }
}
