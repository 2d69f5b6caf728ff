package import Adjoint
package import DependencyScheduling

/// A step whose batch is cut into shards of as many rows: a program that computes the gradients of one shard, and one
/// that makes of their sums over all shards what parameters become.
///
/// A shard computes its loss and the gradients of loss / S, for S shards, so that sums are means over the batch. What a
/// step changes beside parameters is computed by each shard from the values before the step, divided by S; counters of
/// steps are moved on once.
package struct ShardedStep: Sendable {
  /// Of one shard: ``loss``, ``statistics``, and the gradient of each of ``parameters``.
  package let shard: Program
  /// Of all: reads ``gradientInputs``, ``lossInput``, ``statisticInputs``; updates what is trained.
  package let update: Program

  /// What is trained, in the order of the shard's `differentiatedVariables`.
  package let parameters: [Node]
  /// The share of one shard in the loss, and in what running statistics become.
  package let loss: Node, statistics: [Node]
  /// What the update reads for the sums of these, and for the sum of each gradient, in their orders.
  package let lossInput: Node, statisticInputs: [Node], gradientInputs: [Node]
  /// Int32 states that count steps: shard s of S reads S · value + s, so that each draws its own dropouts.
  package let counters: [Node]

  package let rates: [GradientUpdate.RateInput]
  package let savedNames: [String]
  private let averages: WeightAverages?
  private let network: NetworkParameters

  /// A step that makes `loss` smaller; for what the parameters mean see ``Trainer``.
  package init(
    _ loss: Node, shards: Int, optimizer: some Optimizer, parameters: [Node]?, freezing frozen: [Node],
    groups: [ParameterGroup], clippingNorm: Double?, refusesNonFinite: Bool, averageDecay: Double?,
    alsoUpdating updates: [ParameterUpdate], options: Program.Options, fileID: StaticString, line: UInt
  ) throws {
    if let averageDecay { try TrainingError.check(fraction: averageDecay, "averageDecay") }
    var network = TrainingNetwork(loss)
    (network.parameters, network.frozen, network.groups, network.updates) = (parameters, frozen, groups, updates)
    let stepOptions = TrainingStep.Options(
      clippingNorm: clippingNorm, refusesNonFinite: refusesNonFinite, keepsGradients: false, microBatches: 1,
      averageDecay: averageDecay, compilation: options, fileID: fileID, line: line)
    try self.init(network, shards: shards, optimizer, stepOptions)
  }

  /// - Throws: ``TrainingError``, and what compiling throws.
  private init(_ network: TrainingNetwork, shards: Int, _ optimizer: some Optimizer, _ options: TrainingStep.Options)
    throws
  {
    let (fileID, line, graph) = (options.fileID, options.line, network.loss.graph)
    let parameters = try network.trainedParameters().sorted { $0.id < $1.id }
    let isCounter = network.updates.map(\.isCounter)
    let counting = zip(network.updates, isCounter).filter(\.1).map(\.0)
    let averaged = zip(network.updates, isCounter).filter { !$0.1 }.map(\.0)
    for update in averaged where !update.parameter.elementType.isDifferentiable {
      try TrainingError.check(
        false, "alsoUpdating", "\(update.parameter.name), made at \(update.parameter.location),",
        "floating-point statistics, of which a batch has the mean over its shards, and int32 counters")
    }
    let scope = graph.freeOptimizerScope, share = 1 / Double(shards)
    (loss, statistics) = graph.placing(at: fileID, line) {
      (network.loss * share, averaged.map { $0.value * share })
    }
    shard = try Program(
      loss, gradientsFor: parameters, alsoComputing: statistics, options: options.compilation, fileID: fileID,
      line: line)

    func input(_ name: String, like node: Node) -> Node {
      graph.input(name, node.shape, node.elementType, fileID: fileID, line: line)
    }
    let (lossInput, statisticInputs, gradientInputs, update) = try graph.scope(scope) {
      let gradients = parameters.map { input("gradient/\($0.name)", like: $0) }
      return (
        input("loss", like: network.loss), averaged.map { input("statistic/\($0.parameter.name)", like: $0.parameter) },
        gradients, try GradientUpdate(of: parameters, along: gradients, network.groups, optimizer, options)
      )
    }
    let applied = zip(averaged, statisticInputs).map { ParameterUpdate($0.parameter, to: $1) }
    self.update = try Program(
      lossInput, updating: counting + applied + update.updates,
      requiringFinite: options.refusesNonFinite ? [lossInput] + gradientInputs : [], options: options.compilation,
      fileID: fileID, line: line)
    (self.lossInput, self.statisticInputs, self.gradientInputs) = (lossInput, statisticInputs, gradientInputs)
    (self.parameters, counters) = (parameters, counting.map(\.parameter))
    (rates, averages) = (update.rates, update.averages)
    savedNames = graph.savedNames(of: Set(shard.parameters + self.update.parameters))
    self.network = NetworkParameters(network, in: shard)
  }

  /// The moving averages of the weights, and all else that the network predicts with: a store of their own; `nil` if
  /// none are kept.
  package func averagedParameters(
    of store: ParameterStore, on executor: any ScheduleExecutor
  ) throws -> ParameterStore? {
    guard let averages else { return nil }
    let values = try averages.values(in: store, on: executor)
    return try network.copy(from: store, bytes: { values[ExactName($0)] })
  }
}
