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
  let rates: [RateInput]
  /// What is saved: all parameters of the graph, and the states that the step reads or changes and goes on from.
  let savedNames: [String]
  let averages: WeightAverages?

  /// Where the learning rate of a group is fed.
  struct RateInput: Sendable {
    let input: Node
    /// `nil` is the trainer's.
    let rate: LearningRate?
  }

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
    let parameters = try Self.parameters(of: network)
    let found = try graph.gradients(of: [loss], withRespectTo: parameters, fileID: fileID, line: line)
    var gradients = try zip(parameters, found).map { parameter, gradient in
      guard let gradient else {
        throw TrainingError.noGradient(parameter: "\(parameter.name), made at \(parameter.location)")
      }
      return gradient
    }
    let groups = try Self.groups(of: parameters, network.groups, optimizer)
    let requiredFinite = options.refusesNonFinite ? [loss] + gradients : []

    let scope = Self.freeScope(in: graph)
    var sums: [ParameterUpdate] = [], isFirst: Node?
    if options.microBatches > 1 {
      (isFirst, sums, gradients) = graph.scope(scope) {
        Self.accumulate(gradients, of: parameters, count: options.microBatches, fileID, line)
      }
    }
    let (rates, updates, averages) = try graph.scope(scope) {
      let bounded =
        try options.clippingNorm.map {
          try clipped(
            gradients, of: parameters, toGlobalNorm: $0, refusesNonFinite: !options.refusesNonFinite, fileID: fileID,
            line: line)
        } ?? gradients
      let slopes = Dictionary(uniqueKeysWithValues: zip(parameters, bounded))
      var rates: [RateInput] = [], updates: [ParameterUpdate] = []
      for group in groups {
        let (rate, changes) = group.update(along: slopes, in: graph, fileID, line)
        rates.append(rate)
        updates += changes
      }
      let averages = options.averageDecay.map {
        WeightAverages(of: parameters, after: updates, decay: $0, fileID, line)
      }
      return (rates, updates + (averages?.updates ?? []), averages)
    }
    program = try Program(
      loss, alsoComputing: network.others + (options.keepsGradients ? gradients : []),
      updating: network.updates + updates, requiringFinite: requiredFinite, options: options.compilation,
      fileID: fileID, line: line)
    accumulating = try isFirst.map {
      MicroBatches(
        program: try Program(
          loss, updating: network.updates + sums, requiringFinite: requiredFinite, options: options.compilation,
          fileID: fileID, line: line),
        isFirst: $0)
    }
    (self.loss, self.rates, self.averages) = (loss, rates, averages)
    self.gradients = Dictionary(uniqueKeysWithValues: zip(parameters, gradients))
    // A sum of gradients is none between two steps.
    let left = Set(sums.map(\.parameter))
    let used = Set(program.parameters).subtracting(left)
    savedNames = graph.parameters.map(\.name) + graph.states.filter(used.contains).map(\.name)
  }

  /// What is trained.
  private static func parameters(of network: TrainingNetwork) throws(TrainingError) -> [Node] {
    let loss = network.loss
    let left = Set(network.updates.map(\.parameter) + network.frozen)
    let parameters =
      network.parameters?.filter { !network.frozen.contains($0) }
      ?? loss.graph.parameters.filter { $0.elementType.isDifferentiable && !left.contains($0) }
    if parameters.isEmpty { throw TrainingError.noParameters }
    let strangers = parameters.filter { $0.elementType != loss.elementType }
    guard strangers.isEmpty else {
      throw TrainingError.mixedTypes(strangers.map { "\($0.name) \($0.elementType), made at \($0.location)" })
    }
    return parameters
  }

  /// A scope that no other trainer of the graph has: `optimizer`, `optimizer2`, …
  private static func freeScope(in graph: Graph) -> String {
    var number = 1, scope = "optimizer"
    while graph.node(named: scope + "/rate") != nil {
      number += 1
      scope = "optimizer\(number)"
    }
    return scope
  }

  // MARK: groups

  /// A group as a step has it: with its optimizer.
  private struct Group {
    /// `nil` for what no group of the user's holds.
    let name: String?
    let parameters: [Node]
    let rate: LearningRate?
    let optimizer: any Optimizer

    /// The input of its rate, and what a step makes of it.
    func update(
      along slopes: [Node: Node], in graph: Graph, _ fileID: StaticString, _ line: UInt
    ) -> (RateInput, [ParameterUpdate]) {
      func update() -> (RateInput, [ParameterUpdate]) {
        let type = parameters.first?.elementType ?? .float32
        let input = graph.input("rate", [], type, fileID: fileID, line: line)
        let updates = optimizer.updates(of: parameters, gradients: parameters.map { slopes[$0]! }, rate: input)
        return (RateInput(input: input, rate: rate), updates)
      }
      return name.map { graph.scope($0, update) } ?? update()
    }
  }

  private static func groups(
    of parameters: [Node], _ groups: [ParameterGroup], _ optimizer: some Optimizer
  ) throws(TrainingError) -> [Group] {
    let trained = Set(parameters)
    var seen: Set<Node> = [], names: Set<String> = []
    for group in groups {
      try TrainingError.check(names.insert(group.name).inserted, "groups", group.name, "each of another name")
      for parameter in group.parameters {
        let text = "\(parameter.name), made at \(parameter.location),"
        try TrainingError.check(trained.contains(parameter), group.name, text, "a group of parameters that are trained")
        try TrainingError.check(seen.insert(parameter).inserted, group.name, text, "a group that shares no parameter")
      }
    }
    let rest = parameters.filter { !seen.contains($0) }
    return [Group(name: nil, parameters: rest, rate: nil, optimizer: optimizer)]
      + groups.map {
        Group(name: $0.name, parameters: $0.parameters, rate: $0.rate, optimizer: $0.optimizer ?? optimizer)
      }
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
