import Testing

/// What a tool is sent by mistake is answered in a sentence, and the next message is served.
@Suite struct MistakeTests {
  struct Mistake: Sendable {
    let message: String
    /// Part of the sentence it should get.
    let sentence: String
  }

  private static func evaluate(_ module: String, _ function: String, _ input: String) -> String {
    #"{"id":0,"kind":"evaluate","module":"\#(module)","function":"\#(function)","input":\#(input)}"#
  }

  static let mistakes = [
    Mistake(message: "{", sentence: "the message is no JSON"),
    Mistake(message: "[1]", sentence: "a message is a JSON object"),
    Mistake(message: #"{"kind":"start"}"#, sentence: "no whole number as id"),
    Mistake(message: #"{"id":0,"kind":"define","module":"ht"}"#, sentence: "there is no module ht"),
    Mistake(message: #"{"id":0,"kind":"define"}"#, sentence: "no text in the field module"),
    Mistake(message: evaluate("lse", "jacobian", "{}"), sentence: "lse has no function jacobian"),
    Mistake(message: #"{"id":0,"kind":"evaluate","module":"lse","function":"primal"}"#, sentence: "no field input"),
    Mistake(message: evaluate("lse", "primal", "3"), sentence: "no object with fields"),
    Mistake(message: evaluate("lse", "primal", #"{"x":[1]}"#), sentence: "no field min_runs"),
    Mistake(message: evaluate("lse", "primal", #"{"min_runs":1,"min_seconds":0}"#), sentence: "no field x"),
    Mistake(message: evaluate("lse", "primal", #"{"x":[],"min_runs":1,"min_seconds":0}"#), sentence: "0 numbers"),
    Mistake(message: evaluate("lse", "primal", #"{"x":[1,"a"],"min_runs":1,"min_seconds":0}"#), sentence: "x[1] is no"),
    Mistake(
      message: evaluate("kmeans", "cost", #"{"points":[[1,2]],"centroids":[[1]],"min_runs":1,"min_seconds":0}"#),
      sentence: "centroids[0] holds 1 numbers, not 2"),
    Mistake(
      message: evaluate("llsq", "primal", #"{"x":[1],"n":2.5,"min_runs":1,"min_seconds":0}"#),
      sentence: "n is 2.5, not a whole number"),
    Mistake(
      message: evaluate("lse", "primal", #"{"x":[1e999],"min_runs":1,"min_seconds":0}"#), sentence: ""),
  ]

  /// Numbers that no run could serve: each names its field and what is allowed.
  static let excesses =
    ["1e30", "-1", "1.5", "10000001"].map {
      Mistake(message: limited($0, "0"), sentence: "not a whole number from 0 to 10000000")
    }
    + ["1e30", "-0.5", "3601"].map { Mistake(message: limited("1", $0), sentence: "not a number from 0.0 to 3600.0") }
    + [
      Mistake(message: limited("NaN", "0"), sentence: "the message is no JSON"),
      Mistake(message: limited("1", "null"), sentence: "min_seconds is no number"),
      Mistake(message: limited("\"1\"", "0"), sentence: "min_runs is no number"),
      Mistake(message: observed(p: "70000000"), sentence: "p is 70000000.0, not a whole number from 1 to 16777216"),
      Mistake(message: observed(p: "9e18"), sentence: "p is 9e+18, not a whole number from 1 to 16777216"),
      Mistake(message: observed(n: "9e18"), sentence: "n is 9e+18, not a whole number from 1 to 16777216"),
      Mistake(message: observed(m: "0"), sentence: "m is 0.0, not a whole number from 1 to 16777216"),
      Mistake(
        message: evaluate("llsq", "primal", #"{"x":[1],"n":1e15,"min_runs":1,"min_seconds":0}"#),
        sentence: "n is 1000000000000000.0, not a whole number from 2 to 16777216"),
      Mistake(
        message: evaluate("ode", "gradient", #"{"x":[1],"s":1e9,"min_runs":1,"min_seconds":0}"#),
        sentence: "s is 1000000000.0, not a whole number from 1 to 65536"),
    ]

  private static func limited(_ runs: String, _ seconds: String) -> String {
    evaluate("llsq", "primal", #"{"x":[1],"n":2,"min_runs":\#(runs),"min_seconds":\#(seconds)}"#)
  }

  private static func observed(n: String = "1", m: String = "1", p: String = "1") -> String {
    let camera = "[1,2,3,4,5,6,7,8,9,10,11]"
    let point = #""cam":\#(camera),"x":[1,2,3],"w":1,"feat":[1,2]"#
    return evaluate(
      "ba", "jacobian", #"{"n":\#(n),"m":\#(m),"p":\#(p),\#(point),"min_runs":1,"min_seconds":0}"#)
  }

  @Test(arguments: mistakes + excesses)
  func `a mistake is answered and the next message is served`(mistake: Mistake) throws {
    let tool = try Tool()
    let answer = try tool.answer(to: mistake.message)
    #expect(answer["id"] as? Int == 0)
    #expect(answer["success"] as? Bool == false)
    let error = try #require(answer["error"] as? String)
    #expect(error.contains(mistake.sentence) || mistake.sentence.isEmpty, "\(error)")
    let next = try tool.answer(to: #"{"id":1,"kind":"evaluate","module":"hello","function":"double","input":3}"#)
    #expect(next["success"] as? Bool == true)
    #expect(next["output"] as? Double == 6)
    #expect(next["id"] as? Int == 1)
  }

  @Test func `the largest id there is comes back, and the next message is served`() throws {
    let tool = try Tool()
    for id in [Int.max, Int.min] {
      #expect(try tool.answer(to: #"{"id":\#(id),"kind":"analysis"}"#)["id"] as? Int == id)
    }
    #expect(try tool.answer(to: "{")["id"] as? Int == Int.min + 1)
  }

  @Test func `a message of another kind gets its id back`() throws {
    let tool = try Tool()
    #expect(try tool.answer(to: #"{"id":4,"kind":"analysis","of":3,"valid":true}"#)["id"] as? Int == 4)
    #expect(try tool.finish() == 0)
  }
}
