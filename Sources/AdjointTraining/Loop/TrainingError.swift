/// What is wrong with what was to be trained, in the user's names and source lines.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The graph has no parameter to change.
  case noParameters
  /// The loss does not depend on this parameter in a way that can be differentiated.
  case noGradient(parameter: String)
  /// Parameters of different element types, or of another than the loss.
  case mixedTypes([String])

  public var description: String {
    switch self {
    case .noParameters: "there is no parameter to train: make one with Graph.parameter"
    case .noGradient(let parameter): "no gradient reaches the parameter \(parameter): leave it out of `parameters`"
    case .mixedTypes(let parameters):
      "the parameters of one training are of the loss's element type, and these are not: "
        + parameters.joined(separator: ", ")
    }
  }
}
