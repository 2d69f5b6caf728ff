import DigitServing
import Foundation
import NIOHTTP1
import Testing

/// The server's answers, one at a time.
@Suite(.timeLimit(.minutes(10))) struct ServerTests {
  @Test(arguments: [true, false])
  func `an image is answered with a version and its scores`(batching: Bool) async throws {
    var server = try Fixture.server()
    server.batching = batching
    try await Fixture.running(server) { port in
      let answers = try await Client.connected(to: port) { client in
        var answers: [GivenAnswer] = []
        for image in 0..<20 {
          let reply = try await client.read(image)
          #expect(reply.status == 200 && reply.headers.first(name: "content-type") == "application/json")
          answers.append(try reply.answer())
        }
        return answers
      }
      #expect(answers.map(\.image) == Array(0..<20))
      #expect(answers.allSatisfy { abs($0.scores.reduce(0, +) - 1) < 1e-5 })
      let outcome = try await Fixture.compare(answers)
      #expect(outcome.difference == nil && outcome.answers == 20)
    }
  }

  @Test func `an answer that differs in one bit, or in its version, is noticed`() async throws {
    var server = try Fixture.server()
    server.trainingPause = nil
    try await Fixture.running(server) { port in
      let given = try await Client.connected(to: port) { try await $0.read(3).answer() }
      #expect(given.version == 0)
      var scores = given.scores
      scores[4] = scores[4].nextUp
      let changed = GivenAnswer(image: 3, version: 0, scores: scores)
      #expect(try await Fixture.compare([given, changed]).difference?.hasPrefix("image 3 of version 0") == true)
      let later = GivenAnswer(image: 3, version: 1, scores: given.scores)
      #expect(try await Fixture.compare([given, later]).difference != nil)
      #expect(try await Fixture.compare([given]).difference == nil)
    }
  }

  @Test func `a bad body is 400 with a sentence, a large one 413, and the connection goes on`() async throws {
    try await Fixture.running(Fixture.server()) { port in
      try await Client.connected(to: port) { client in
        let bad = try await client.post(#"{"pixels": [1, 2]}"#)
        #expect(bad.status == 400 && bad.text.contains("an image has 64 pixels, got 2"))
        let large = try await client.post(String(repeating: " ", count: 1 << 20))
        #expect(large.status == 413 && large.text.contains("4096 bytes at most"))
        #expect(try await client.get("/nowhere").status == 404)
        #expect(try await client.get("/digits").status == 404)
        #expect(try await client.read(0).status == 200)
      }
    }
  }

  @Test func `more than may wait are 503, and told when to come back`() async throws {
    var server = try Fixture.server()
    server.limits.sizes = [1]
    server.limits.queue = 1
    try await Fixture.running(server) { port in
      let replies = try await withThrowingTaskGroup(of: [Client.Reply].self) { group in
        for caller in 0..<32 {
          group.addTask {
            try await Client.connected(to: port) { client in
              var replies: [Client.Reply] = []
              for _ in 0..<40 { replies.append(try await client.read(caller)) }
              return replies
            }
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      let refused = replies.filter { $0.status == 503 }
      #expect(!refused.isEmpty && refused.count < replies.count)
      #expect(
        refused.allSatisfy {
          $0.headers.first(name: "retry-after") == "1" && $0.text.contains("too many requests wait")
        })
      #expect(replies.allSatisfy { [200, 503].contains($0.status) })
    }
  }

  @Test func `health and metrics are told`() async throws {
    try await Fixture.running(Fixture.server()) { port in
      try await Client.connected(to: port) { client in
        let health = try await client.get("/health")
        #expect(health.status == 200 && health.text == "serving\n")
        _ = try await client.read(0)
        _ = try await client.post("{")
        let metrics = try await client.get("/metrics")
        #expect(metrics.headers.first(name: "content-type") == PrometheusMetrics.contentType)
        for name in [
          "digits_answered_total", #"digits_refused_total{reason="malformed"}"#, "digits_duration_seconds_count",
          "batcher_rows", "hb_requests_total{", "http_server_request_duration_seconds_bucket{",
        ] {
          #expect(metrics.text.contains("\n\(name)"), "\(name) in \(metrics.text)")
        }
      }
    }
  }

  @Test func `a file that is not there ends in an error that names it`() throws {
    var server = try Fixture.server()
    server.recipe.weights = "/nowhere/digits.dense"
    #expect {
      try server.makeServices(metrics: Fixture.metrics)
    } throws: { "\($0)".contains("/nowhere/digits.dense") }
  }
}
