/// What is wrong with what was to be trained, or with reading how it went, in the user's names and source lines.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The graph has no parameter to change.
  case noParameters
  /// The loss does not depend on this parameter in a way that can be differentiated.
  case noGradient(parameter: String)
  /// Parameters of different element types, or of another than the loss.
  case mixedTypes([String])
  /// The gradient of this parameter is infinite or NaN, and gradients were to be clipped: no step was taken.
  case gradientNotFinite(_ parameter: String)
  /// The step, counted from 1, was taken, and its loss could not be read, since another task was using the session.
  case lossNotRead(step: Int, reason: String)
  /// Nobody said how the inputs are fed: neither the step nor the network.
  case notFed
  /// A number that a training was to be made with, maybe from a file of settings, and that has no meaning there: the
  /// name of the parameter, the number, and what is allowed.
  case notAllowed(parameter: String, value: String, allowed: String)

  public var description: String {
    switch self {
    case .noParameters: "there is no parameter to train: make one with Graph.parameter"
    case .noGradient(let parameter): "no gradient reaches the parameter \(parameter): leave it out of `parameters`"
    case .mixedTypes(let parameters):
      "the parameters of one training are of the loss's element type, and these are not: "
        + parameters.joined(separator: ", ")
    case .gradientNotFinite(let parameter):
      "the gradient of \(parameter), is infinite or NaN: it cannot be clipped, and nothing was changed"
    case .lossNotRead(let step, let reason): "step \(step) was taken, and its loss could not be read: \(reason)"
    case .notFed: "nothing is fed: give the step a `feed`, or make the trainer of a TrainingNetwork"
    case .notAllowed(let parameter, let value, let allowed): "\(parameter) is \(allowed), got \(value)"
    }
  }

  /// Throws ``notAllowed(parameter:value:allowed:)`` unless a number has a meaning.
  static func check(
    _ isAllowed: Bool, _ parameter: String, _ value: some CustomStringConvertible, _ allowed: String
  ) throws(TrainingError) {
    if !isAllowed { throw .notAllowed(parameter: parameter, value: "\(value)", allowed: allowed) }
  }

  /// Throws unless `value` is at least 0 and below 1.
  static func check(fraction value: Double, _ parameter: String) throws(TrainingError) {
    try check(value >= 0 && value < 1, parameter, value, "at least 0 and below 1")
  }

  /// Throws unless `value` is finite and above 0.
  static func check(positive value: Double, _ parameter: String) throws(TrainingError) {
    try check(value > 0 && value.isFinite, parameter, value, "above 0 and finite")
  }

  /// Throws unless `value` is finite and at least 0.
  static func check(notNegative value: Double, _ parameter: String) throws(TrainingError) {
    try check(value >= 0 && value.isFinite, parameter, value, "at least 0 and finite")
  }

  /// Throws unless there is a step.
  static func check(steps: Int, _ parameter: String) throws(TrainingError) {
    try check(steps >= 1, parameter, steps, "at least 1 step")
  }
}
