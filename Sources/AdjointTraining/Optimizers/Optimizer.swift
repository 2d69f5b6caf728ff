public import Adjoint

/// A rule by which a step changes parameters along their gradients, written in gates of the same graph: so a whole step,
/// forward, backward and update, is one schedule.
///
/// What an optimizer remembers from step to step (velocities, moments) are states of the graph, made by
/// `Graph.state`, named after the parameters they belong to, as `velocity/dense/weights`: they are saved, and shared
/// between sessions, as parameters are, and are not among `graph.parameters`.
public protocol Optimizer: Sendable {
  /// Adds to the graph what one step makes of `parameters` and of what the optimizer remembers of them.
  ///
  /// - Parameters:
  ///   - parameters: all of one element type.
  ///   - gradients: one a parameter, of its shape.
  ///   - rate: the learning rate, a scalar of that element type. What the optimizers of this module add was made, for
  ///     messages, where the rate was: in a ``Trainer``, at the line that made the trainer.
  func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate]
}

extension Node {
  /// A state of this parameter's shape and type under `kind/` and its name, which begins at 0.
  func companion(_ kind: String) -> Node {
    let name = name
    return graph.scope(kind) { graph.state(name, shape, .zeros, elementType) }
  }

  /// The value that a parameter moves to when it goes `distance` down.
  func moved(by distance: Node) -> ParameterUpdate { ParameterUpdate(self, to: self - distance) }
}

/// Which parameters a weight decay draws towards 0.
public enum WeightDecay: Hashable, Sendable {
  /// None.
  case none
  /// All, by this factor.
  case all(Double)
  /// Those of two or more axes, so matrices and kernels, but neither biases nor the gains of normalisations.
  case matrices(Double)

  /// The factor for one parameter; 0 is none.
  func factor(for parameter: Node) -> Double {
    switch self {
    case .none: 0
    case .all(let factor): factor
    case .matrices(let factor): parameter.shape.rank >= 2 ? factor : 0
    }
  }

  func check() throws(TrainingError) {
    switch self {
    case .none: break
    case .all(let factor), .matrices(let factor):
      try TrainingError.check(notNegative: factor, "weightDecay")
    }
  }
}
