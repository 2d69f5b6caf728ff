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

  @Test(arguments: mistakes)
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

  @Test func `a message of another kind gets its id back`() throws {
    let tool = try Tool()
    #expect(try tool.answer(to: #"{"id":4,"kind":"analysis","of":3,"valid":true}"#)["id"] as? Int == 4)
    #expect(try tool.finish() == 0)
  }
}
