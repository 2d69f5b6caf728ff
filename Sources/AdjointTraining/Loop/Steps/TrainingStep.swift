internal import Adjoint
internal import DependencyScheduling

/// A compiled step: forward, backward and update of one graph, which has one batch size.
struct TrainingStep: Sendable {
  /// Of the last micro-batch, or of the only one: with the update.
  let program: Program
  /// Of all micro-batches before the last.
  let accumulating: MicroBatches?
  let loss: Node
  /// The gradient of each trained parameter, before any clipping; with micro-batches their mean.
  let gradients: [Node: Node]
  let rates: [GradientUpdate.RateInput]
  /// What is saved: all parameters of the graph, and the states that the step reads or changes and goes on from.
  let savedNames: [String]
  let averages: WeightAverages?

  /// Micro-batches before the last, whose gradients are added up.
  struct MicroBatches: Sendable {
    let program: Program
    /// 1 for the first of a step, which begins a new sum; 0 for the others.
    let isFirst: Node
  }

  /// What a trainer is told about each of its steps; see its initializer.
  struct Options: Sendable {
    var clippingNorm: Double?
    var refusesNonFinite: Bool
    var keepsGradients: Bool
    var microBatches: Int
    var averageDecay: Double?
    var compilation: Program.Options
    /// Where the trainer is made, for messages.
    var fileID: StaticString
    var line: UInt
  }

  /// - Throws: ``TrainingError``, and what compiling throws.
  init(_ network: TrainingNetwork, _ optimizer: some Optimizer, _ options: Options) throws {
    let (fileID, line) = (options.fileID, options.line)
    let loss = network.loss, graph = loss.graph
    let parameters = try network.trainedParameters()
    let found = try graph.gradients(of: [loss], withRespectTo: parameters, fileID: fileID, line: line)
    var gradients = try zip(parameters, found).map { parameter, gradient in
      guard let gradient else { throw TrainingError.noGradient(of: parameter) }
      return gradient
    }
    let requiredFinite = options.refusesNonFinite ? [loss] + gradients : []

    let scope = graph.freeOptimizerScope
    var sums: [ParameterUpdate] = [], isFirst: Node?
    if options.microBatches > 1 {
      (isFirst, sums, gradients) = graph.scope(scope) {
        Self.accumulate(gradients, of: parameters, count: options.microBatches, fileID, line)
      }
    }
    let update = try graph.scope(scope) {
      try GradientUpdate(of: parameters, along: gradients, network.groups, optimizer, options)
    }
    program = try Program(
      loss, alsoComputing: network.others + (options.keepsGradients ? gradients : []),
      updating: network.updates + update.updates, requiringFinite: requiredFinite, options: options.compilation,
      fileID: fileID, line: line)
    accumulating = try isFirst.map {
      MicroBatches(
        program: try Program(
          loss, updating: network.updates + sums, requiringFinite: requiredFinite, options: options.compilation,
          fileID: fileID, line: line),
        isFirst: $0)
    }
    (self.loss, rates, averages) = (loss, update.rates, update.averages)
    self.gradients = Dictionary(uniqueKeysWithValues: zip(parameters, gradients))
    // A sum of gradients is none between two steps.
    let left = Set(sums.map(\.parameter))
    savedNames = graph.savedNames(of: Set(program.parameters).subtracting(left))
  }

  // MARK: micro-batches

  /// The input that says whether a sum begins, the sums after one more micro-batch, and the mean of `count`.
  private static func accumulate(
    _ gradients: [Node], of parameters: [Node], count: Int, _ fileID: StaticString, _ line: UInt
  ) -> (Node, [ParameterUpdate], [Node]) {
    let graph = parameters[0].graph
    let isFirst = graph.input("isFirst", [], .bool, fileID: fileID, line: line)
    return graph.placing(at: fileID, line) {
      var sums: [ParameterUpdate] = [], means: [Node] = []
      for (parameter, gradient) in zip(parameters, gradients) {
        let sum = parameter.companion("accumulated")
        // Chosen, not multiplied by 0: what an interrupted step has left there may be infinite.
        sums.append(ParameterUpdate(sum, to: select(isFirst, gradient, sum + gradient)))
        means.append((sum + gradient) * (1 / Double(count)))
      }
      return (isFirst, sums, means)
    }
  }
}
