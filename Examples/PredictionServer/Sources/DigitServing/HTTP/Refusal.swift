import Adjoint
import HTTPTypes
import Hummingbird
import NIOCore

/// Why a request gets no answer, as HTTP says it.
struct Refusal: Sendable {
  /// A word for metrics: one of a few.
  let reason: String
  let httpError: HTTPError

  private init(_ reason: String, _ status: HTTPResponse.Status, _ message: String, _ headers: HTTPFields = [:]) {
    self.reason = reason
    httpError = HTTPError(status, headers: headers, message: message)
  }

  init(_ error: any Error) {
    self =
      switch error {
      case let error as DigitRequest.Malformed:
        Refusal("malformed", .badRequest, error.description)
      case is NIOTooManyBytesError:
        Refusal("too large", .contentTooLarge, "a body has \(DigitRequest.mostBytes) bytes at most")
      case ServingError.overloaded, ServingError.deadlinePassed:
        Refusal("overloaded", .serviceUnavailable, "\(error)", [.retryAfter: "1"])
      case ServingError.stopped:
        // The connection is closed a moment later; a client that tries again meets another server.
        Refusal("stopped", .serviceUnavailable, "\(error)")
      case is CancellationError:
        Refusal("cancelled", .serviceUnavailable, "the server ends before there is an answer")
      default:
        // What has happened is for the log and the trace, not for the client.
        Refusal("failed", .internalServerError, "the image could not be read")
      }
  }
}
