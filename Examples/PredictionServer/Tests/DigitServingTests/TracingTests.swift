import DigitServing
import InMemoryTracing
import Testing
import Tracing

/// The server's spans, as a tracer of the host would see them.
@Suite(.timeLimit(.minutes(10))) struct TracingTests {
  @Test func `a request is a span, in which the prediction is one, with the version that answered`() async throws {
    var server = try Fixture.server()
    server.trainingPause = nil
    let tracer = InMemoryTracer()
    try await Self.run(server, tracedBy: tracer) { client in
      let version = try await client.read(3).answer().version, status = try await client.post("{").status
      #expect(version == 0 && status == 400)
    }
    let spans = tracer.finishedSpans
    let requests = spans.filter { $0.operationName == "/digits" }
    #expect(requests.count == 2)
    let answered = try #require(requests.first { $0.attributes.get("http.response.status_code") == .int64(200) })
    let refused = try #require(requests.first { $0.attributes.get("http.response.status_code") == .int64(400) })

    let predictions = spans.filter { $0.operationName == "prediction" }
    #expect(predictions.count == 1)
    let prediction = try #require(predictions.first)
    #expect(prediction.parentSpanID == answered.spanID && prediction.traceID == answered.traceID)
    #expect(prediction.attributes.get("model.version") == .int64(0))
    #expect(prediction.errors.isEmpty && answered.errors.isEmpty && refused.errors.count == 1)
    #expect(tracer.activeSpans.isEmpty)
  }

  @Test func `a training step is a span with the version it published, apart from all requests`() async throws {
    let tracer = InMemoryTracer()
    try await Self.run(Fixture.server(), tracedBy: tracer) { client in
      while try await client.read(3).answer().version < 3 {}
    }
    let steps = tracer.finishedSpans.filter { $0.operationName == "training step" }
    #expect(steps.count >= 3)
    #expect(steps.allSatisfy { $0.parentSpanID == nil })
    let versions = steps.compactMap { span -> Int64? in
      if case .int64(let version)? = span.attributes.get("model.version") { version } else { nil }
    }
    #expect(versions == Array(1...Int64(steps.count)))
  }

  /// A client's requests to a server that runs with `tracer`, from beginning to end.
  private static func run(
    _ server: PredictionServer, tracedBy tracer: InMemoryTracer,
    _ body: @escaping @Sendable (Client) async throws -> Void
  ) async throws {
    try await withTracer(tracer) { () async throws in
      try await Fixture.running(server) { port in try await Client.connected(to: port) { try await body($0) } }
    }
  }
}
