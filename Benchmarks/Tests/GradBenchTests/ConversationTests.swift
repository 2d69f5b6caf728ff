import Foundation
import Testing

/// A conversation of messages and the answers they should get, a line of JSON each.
struct Recording: Sendable, CustomTestStringConvertible {
  let url: URL
  var testDescription: String { url.lastPathComponent }

  /// Those beside the tests, and the suite's own where they are.
  static let all: [Recording] = {
    let own = Bundle.module.bundleURL.appendingPathComponent("Conversations")
    let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }
    let folder = ProcessInfo.processInfo.environment["GRADBENCH"].map { URL(fileURLWithPath: $0) }
    let suite = folder ?? root.deletingLastPathComponent().appendingPathComponent("shared/gradbench")
    return [own, suite.appendingPathComponent("samples")].flatMap { folder in
      let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
      return files.filter { $0.pathExtension == "jsonl" }.sorted { $0.path < $1.path }.map(Recording.init)
    }
  }()

  /// Each message with the output it should get, if it should get one.
  func exchanges() throws -> [(message: String, output: Any?)] {
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }
    return try stride(from: 0, to: lines.count - 1, by: 2).map { position in
      let message = try JSONSerialization.data(withJSONObject: lines[position]["message"] ?? [:])
      let response = lines[position + 1]["response"] as? [String: Any]
      return (String(decoding: message, as: UTF8.self), response?["output"])
    }
  }
}

@Suite struct ConversationTests {
  @Test func `every eval has a recording`() {
    let names = Set(Recording.all.map(\.testDescription))
    for name in ["hello", "llsq", "lse", "ode", "kmeans", "gmm", "lstm", "ba"] {
      #expect(names.contains(name + ".jsonl"))
    }
  }

  /// Both sides compute in float64, in different orders: 1e-9 is the suite's own bound for its recordings.
  @Test(arguments: Recording.all)
  func `the tool gives the recorded answers`(recording: Recording) throws {
    let tool = try Tool()
    for (message, expected) in try recording.exchanges() {
      let answer = try tool.answer(to: message)
      guard let expected else { continue }
      #expect(answer["success"] as? Bool == true, "\(answer["error"] ?? "")")
      #expect(difference(answer["output"], expected) == nil)
      let timings = answer["timings"] as? [[String: Any]] ?? []
      #expect(timings.contains { $0["name"] as? String == "prepare" })
      #expect(timings.contains { $0["name"] as? String == "evaluate" })
    }
    #expect(try tool.finish() == 0)
  }

  @Test(arguments: Recording.all)
  func `two workers give the bits of one`(recording: Recording) throws {
    let (one, two) = (try Tool("--width", "1"), try Tool("--width", "2"))
    for (message, _) in try recording.exchanges() {
      #expect(try untimed(one.answerLine(to: message)) == untimed(two.answerLine(to: message)))
    }
  }

  @Test func `all cores give the bits of one worker`() throws {
    for recording in Recording.all {
      let (one, all) = (try Tool("--width", "1"), try Tool("--multithreaded"))
      for (message, _) in try recording.exchanges() {
        #expect(try untimed(one.answerLine(to: message)) == untimed(all.answerLine(to: message)))
      }
    }
  }

  private func untimed(_ line: String) -> Substring { line.split(separator: "\"timings\"")[0] }

  /// The first place in which two JSON values differ.
  private func difference(_ got: Any?, _ wanted: Any, at path: String = "output") -> String? {
    if let wanted = wanted as? [String: Any] {
      guard let got = got as? [String: Any], Set(got.keys) == Set(wanted.keys) else {
        return "\(path) has other fields"
      }
      return wanted.lazy.compactMap { difference(got[$0], $1, at: "\(path).\($0)") }.first
    }
    if let wanted = wanted as? [Any] {
      guard let got = got as? [Any], got.count == wanted.count else { return "\(path) has another length" }
      return wanted.indices.lazy.compactMap { difference(got[$0], wanted[$0], at: "\(path)[\($0)]") }.first
    }
    guard let got = got as? Double, let wanted = wanted as? Double,
      abs(got - wanted) <= 1e-9 * max(1, abs(got), abs(wanted))
    else { return "\(path) is \(got ?? "missing"), not \(wanted)" }
    return nil
  }
}
