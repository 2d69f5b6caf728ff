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
    }
  }
}
