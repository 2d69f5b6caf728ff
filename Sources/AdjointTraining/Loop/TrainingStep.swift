internal import Adjoint
internal import DependencyScheduling

/// A compiled step: forward, backward and update of one graph, which has one batch size.
struct TrainingStep: Sendable {
  let program: Program
  let loss: Node
  /// The gradient of each trained parameter, before any clipping.
  let gradients: [Node: Node]
  let rateInput: Node

  /// What a trainer is told about each of its steps; see its initializer.
  struct Options: Sendable {
    var clippingNorm: Double?
    var refusesNonFinite: Bool
    var keepsGradients: Bool
    var compilation: Program.Options
    /// Where the trainer is made, for messages.
    var fileID: StaticString
    var line: UInt
  }

  /// - Throws: ``TrainingError``, and what compiling throws.
  init(_ network: TrainingNetwork, _ optimizer: some Optimizer, _ options: Options) throws {
    let (fileID, line) = (options.fileID, options.line)
    let loss = network.loss
    let graph = loss.graph
    let changed = Set(network.updates.map(\.parameter))
    let parameters =
      network.parameters ?? graph.parameters.filter { $0.elementType.isDifferentiable && !changed.contains($0) }
    if parameters.isEmpty { throw TrainingError.noParameters }
    let strangers = parameters.filter { $0.elementType != loss.elementType }
    guard strangers.isEmpty else {
      throw TrainingError.mixedTypes(strangers.map { "\($0.name) \($0.elementType), made at \($0.location)" })
    }
    let found = try graph.gradients(of: [loss], withRespectTo: parameters, fileID: fileID, line: line)
    let gradients = try zip(parameters, found).map { parameter, gradient in
      guard let gradient else {
        throw TrainingError.noGradient(parameter: "\(parameter.name), made at \(parameter.location)")
      }
      return gradient
    }
    let (rateInput, steps) = try graph.scope("optimizer") {
      let rateInput = graph.input("rate", [], loss.elementType, fileID: fileID, line: line)
      let bounded =
        try options.clippingNorm.map {
          try clipped(
            gradients, of: parameters, toGlobalNorm: $0, refusesNonFinite: !options.refusesNonFinite, fileID: fileID,
            line: line)
        } ?? gradients
      return (rateInput, optimizer.updates(of: parameters, gradients: bounded, rate: rateInput))
    }
    program = try Program(
      loss, alsoComputing: network.others + (options.keepsGradients ? gradients : []),
      updating: network.updates + steps, requiringFinite: options.refusesNonFinite ? [loss] + gradients : [],
      options: options.compilation, fileID: fileID, line: line)
    self.loss = loss
    self.rateInput = rateInput
    self.gradients = Dictionary(uniqueKeysWithValues: zip(parameters, gradients))
  }
}
