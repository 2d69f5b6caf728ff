public import Adjoint

/// Parameters that a training changes by a rate, and maybe by an optimizer, of their own.
///
/// ```swift
/// let head = ParameterGroup("head", graph.parameters.filter { $0.name.hasPrefix("head/") }, rate: try .constant(0.01))
/// ```
/// What their optimizer remembers lies under `optimizer/head/`. Which parameters are trained at all is said by
/// `parameters` or `freezing` of the trainer; a group holds some of those.
public struct ParameterGroup: Sendable {
  let name: String
  let parameters: [Node]
  let rate: LearningRate
  let optimizer: (any Optimizer)?

  /// - Parameters:
  ///   - name: a name that no other group of the training has.
  ///   - parameters: those of the group, each in no other group.
  ///   - rate: the learning rate of each step, instead of the trainer's.
  ///   - optimizer: how they go along their gradients; if left out, as the trainer's others do.
  public init(_ name: String, _ parameters: [Node], rate: LearningRate, optimizer: (any Optimizer)? = nil) {
    (self.name, self.parameters, self.rate, self.optimizer) = (name, parameters, rate, optimizer)
  }
}
