import DigitServing
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct DigitRequestTests {
  private static func pixels(_ change: (inout [String]) -> Void = { _ in }) -> String {
    var pixels = Array(repeating: "8", count: 64)
    change(&pixels)
    return "[\(pixels.joined(separator: ","))]"
  }

  private static func notAPixel(_ position: Int) -> String {
    "a pixel is a whole number from 0 to 16, and the one at position \(position) is not"
  }

  @Test func `an image of whole numbers is read, with and without an id`() throws {
    let named = try DigitRequest(json: Data(#"{"id": 7, "pixels": \#(Self.pixels())}"#.utf8))
    #expect(named.id == 7)
    #expect(named.pixels == Array(repeating: 0.5, count: 64))
    let unnamed = try DigitRequest(json: Data(#"{"pixels": \#(Self.pixels { $0[0] = "16" }), "other": {}}"#.utf8))
    #expect(unnamed.id == nil)
    #expect(unnamed.pixels[0] == 1)
  }

  @Test(arguments: [
    ("", "the body cannot be read as JSON"),
    ("{", "the body cannot be read as JSON"),
    ("\u{0}\u{1}", "the body cannot be read as JSON"),
    ("[]", "the body is not of the type that is wanted"),
    ("{}", "there is no 'pixels'"),
    (#"{"pixels": null}"#, "pixels is not of the type that is wanted"),
    (#"{"pixels": 3}"#, "pixels is not of the type that is wanted"),
    (#"{"pixels": []}"#, "an image has 64 pixels, got 0"),
    (#"{"pixels": \#(pixels { $0.append("1") })}"#, "an image has 64 pixels, got 65"),
    (#"{"pixels": \#(pixels { $0[3] = "17" })}"#, notAPixel(3)),
    (#"{"pixels": \#(pixels { $0[63] = "-1" })}"#, notAPixel(63)),
    (#"{"pixels": \#(pixels { $0[5] = "\"8\"" })}"#, "pixels[5] is not of the type that is wanted"),
    (#"{"pixels": \#(pixels { $0[5] = "1.5" })}"#, notAPixel(5)),
    (#"{"pixels": \#(pixels { $0[5] = "1e99" })}"#, notAPixel(5)),
    (#"{"id": "seven", "pixels": \#(pixels())}"#, "id is not of the type that is wanted"),
  ])
  func `anything else is a sentence`(body: String, sentence: String) {
    let error = #expect(throws: DigitRequest.Malformed.self) { try DigitRequest(json: Data(body.utf8)) }
    #expect(error?.description == sentence)
  }

  @Test func `nesting as deep as a body allows is refused`() {
    let deep = String(repeating: "[", count: DigitRequest.mostBytes - 11)
    #expect(throws: DigitRequest.Malformed.self) { try DigitRequest(json: Data((#"{"pixels":"# + deep).utf8)) }
  }
}
