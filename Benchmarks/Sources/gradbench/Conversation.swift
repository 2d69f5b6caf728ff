import DependencyScheduling
import Foundation

/// The tool's side of GradBench's protocol: one answer for each message, both a line of JSON.
struct Conversation {
  let executor: GraphExecutor
  /// The number the next message carries, if it says none that can be read.
  private var expectedID = 0

  init(on executor: GraphExecutor) { self.executor = executor }

  /// The line that answers `line`.
  mutating func answer(to line: String) -> [UInt8] {
    var id = expectedID
    defer { expectedID = id &+ 1 }
    do {
      let message: [String: Any]
      do {
        guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
          throw InputError("a message is a JSON object")
        }
        message = object
      } catch let error as InputError {
        throw error
      } catch {
        throw InputError("the message is no JSON: \((error as NSError).userInfo["NSDebugDescription"] ?? error)")
      }
      guard let given = message["id"] as? Int else { throw InputError("the message has no whole number as id") }
      id = given
      return try answer(to: message, id)
    } catch {
      return Self.failure(id, "\(error)")
    }
  }

  private func answer(to message: [String: Any], _ id: Int) throws -> [UInt8] {
    var json = JSONText()
    json.append("{\"id\":\(id)")
    switch message["kind"] as? String {
    case "start": json.append(",\"tool\":\"adjoint\"")
    case "define":
      _ = try Evals.named(Self.text("module", of: message))
      json.append(",\"success\":true")
    case "evaluate":
      let eval = try Evals.named(Self.text("module", of: message))
      let function = try Self.text("function", of: message)
      guard eval.functions.contains(function) else {
        throw InputError(
          "\(eval.name) has no function \(function), only \(eval.functions.joined(separator: " and "))")
      }
      guard let input = message["input"] else { throw InputError("the message has no field input") }
      try evaluate(eval, function, decoded(input), &json)
    default: break
    }
    json.append("}\n")
    return json.bytes
  }

  private func evaluate<E: Eval>(
    _: E.Type, _ function: String, _ input: Any, _ json: inout JSONText
  ) throws {
    let limits = try RunLimits(input)
    let clock = ContinuousClock()
    let begin = clock.now
    var eval = try E(function, input, on: executor)
    let preparation = begin.duration(to: clock.now)
    var runs: [Duration] = []
    var total = Duration.zero
    while runs.count < limits.runs || total < limits.duration {
      let time = try clock.measure { try eval.run() }
      runs.append(time)
      total += time
    }
    json.append(",\"success\":true,\"output\":")
    try eval.output.write(to: &json)
    json.append(",\"timings\":[{\"name\":\"prepare\",\"nanoseconds\":\(preparation.nanoseconds)}")
    for time in runs { json.append(",{\"name\":\"evaluate\",\"nanoseconds\":\(time.nanoseconds)}") }
    json.append("]")
  }

  private static func text(_ field: String, of message: [String: Any]) throws(InputError) -> String {
    guard let text = message[field] as? String else {
      throw InputError("the message has no text in the field \(field)")
    }
    return text
  }

  private static func failure(_ id: Int, _ error: String) -> [UInt8] {
    var json = JSONText()
    json.append("{\"id\":\(id),\"success\":false,\"error\":")
    json.append(quoted: error)
    json.append("}\n")
    return json.bytes
  }
}

/// How often and how long to run, at least: once where the input has no fields, else what it asks for, up to ten million
/// runs and an hour.
struct RunLimits {
  let runs: Int
  let duration: Duration

  init(_ input: Any) throws(InputError) {
    guard input is [String: Any] else {
      (runs, duration) = (1, .zero)
      return
    }
    let fields = try Fields(input)
    runs = max(1, try fields.count("min_runs", atLeast: 0, atMost: 10_000_000))
    duration = .seconds(try fields.number("min_seconds", in: 0...3600))
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
