package import Adjoint
internal import DependencyScheduling

/// What a step makes of parameters, given their gradients, wherever those come from: bounded, each group by its
/// optimizer and rate, with averages of the weights.
package struct GradientUpdate: Sendable {
  package let rates: [RateInput]
  package let updates: [ParameterUpdate]
  let averages: WeightAverages?

  /// Where the learning rate of a group is fed.
  package struct RateInput: Sendable {
    package let input: Node
    /// `nil` is the trainer's.
    package let rate: LearningRate?
  }

  /// Adds it to the graph, in the scope that is open.
  ///
  /// - Parameters:
  ///   - parameters: all of one element type, at least one.
  ///   - gradients: one a parameter.
  ///   - groups: which of them have rates of their own.
  ///   - optimizer: of all that no group has another for.
  ///   - options: how gradients are bounded and weights averaged.
  /// - Throws: ``TrainingError``.
  init(
    of parameters: [Node], along gradients: [Node], _ groups: [ParameterGroup], _ optimizer: some Optimizer,
    _ options: TrainingStep.Options
  ) throws {
    let (graph, fileID, line) = (parameters[0].graph, options.fileID, options.line)
    let groups = try Self.groups(of: parameters, groups, optimizer)
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
    averages = options.averageDecay.map {
      WeightAverages(of: parameters, after: updates, decay: $0, fileID, line)
    }
    (self.rates, self.updates) = (rates, updates + (averages?.updates ?? []))
  }

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
}
