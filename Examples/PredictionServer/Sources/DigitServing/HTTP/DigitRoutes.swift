import Adjoint
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Metrics
import NIOCore
import Tracing

/// What the server answers: `POST /digits`, `GET /health`, `GET /metrics`.
struct DigitRoutes: Sendable {
  let predictor: Predictor
  let metrics: PrometheusMetrics
  private let answered = Counter(label: "digits_answered")
  private let duration = Metrics.Timer(label: "digits_duration")

  init(_ predictor: Predictor, metrics: PrometheusMetrics) {
    self.predictor = predictor
    self.metrics = metrics
  }

  func makeRouter() -> Router<BasicRequestContext> {
    let router = Router()
    router.middlewares.add(TracingMiddleware())
    router.middlewares.add(MetricsMiddleware())
    router.post("digits") { request, _ in try await read(request) }
    router.get("health") { _, _ in
      // A load balancer sends no more to a server that is about to end.
      predictor.hasStopped ? Response.plain("stopping\n", .serviceUnavailable) : .plain("serving\n")
    }
    router.get("metrics") { _, _ in
      for (name, value) in predictor.figures { Meter(label: name).set(value) }
      return Response.plain(metrics.text, type: PrometheusMetrics.contentType)
    }
    return router
  }

  private func read(_ request: Request) async throws -> Response {
    let start = ContinuousClock.now
    do {
      let body = try await request.body.collect(upTo: DigitRequest.mostBytes)
      let digit = try DigitRequest(json: Data(body.readableBytesView))
      let answer = try await withSpan("prediction") { span in
        let answer = try await predictor.answer(to: digit.pixels)
        span.attributes["model.version"] = answer.version
        return answer
      }
      let json = try JSONEncoder().encode(DigitReply(answer, id: digit.id))
      answered.increment()
      duration.recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
      return Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    } catch {
      let refusal = Refusal(error)
      Counter(label: "digits_refused", dimensions: [("reason", refusal.reason)]).increment()
      throw refusal.httpError
    }
  }
}

extension Response {
  fileprivate static func plain(
    _ text: String, _ status: HTTPResponse.Status = .ok, type: String = "text/plain; charset=utf-8"
  ) -> Response {
    Response(
      status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
