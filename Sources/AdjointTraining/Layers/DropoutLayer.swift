public import Adjoint

/// The dropouts of a network, which count its steps together.
///
/// ```swift
/// let dropout = DropoutLayer(in: graph, "dropout", seed: 7)
/// let hidden = dropout(relu(dense(images, "hidden", to: 128)), rate: 0.5)
/// let loss = crossEntropy(logits: dense(hidden, "digits", to: 10), labels: labels)
/// let trainer = try Trainer(
///   loss, optimizer: Adam(), rate: .constant(0.001), batches: batches, alsoUpdating: dropout.updates)
/// ```
/// Each step draws anew what is dropped. The number of the step is the state `name/step`, which a trainer saves and
/// resumes with the others. A network that evaluates makes its layer with `isTraining: false`: nothing is dropped then,
/// no state is made and nothing updated.
///
/// See ``/Adjoint/dropout(_:rate:step:seed:isTraining:fileID:line:)``.
public struct DropoutLayer: Hashable, Sendable {
  public let seed: UInt64
  /// The int32 state that counts steps; `nil` in evaluation.
  public let step: Node?
  /// What a training is to update besides its parameters.
  public let updates: [ParameterUpdate]

  /// Makes the state `name/step`, which begins at 0, unless `isTraining` is false.
  public init(
    in graph: Graph, _ name: String, seed: UInt64 = 0, isTraining: Bool = true,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self.seed = seed
    let step =
      isTraining
      ? graph.scope(name) { graph.state("step", [], .zeros, .int32, fileID: fileID, line: line) } : nil
    self.step = step
    updates = step.map { [ParameterUpdate($0, to: $0.advanced(by: 1, fileID: fileID, line: line))] } ?? []
  }

  /// x with a share `rate`, at least 0 and below 1, of its elements set to 0 and the others divided by 1 − `rate`.
  public func callAsFunction(
    _ x: Node, rate: Double, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    if let step { return dropout(x, rate: rate, step: step, seed: seed, fileID: fileID, line: line) }
    let zero = x.graph.constant(0, [], .int32, fileID: fileID, line: line)
    return dropout(x, rate: rate, step: zero, seed: seed, isTraining: false, fileID: fileID, line: line)
  }
}
