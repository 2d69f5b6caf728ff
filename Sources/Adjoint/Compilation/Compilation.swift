/// An order to the compiler: what to compute, of which graph. The same order always gives the same plan.
struct Compilation: Sendable {
  let source: GraphState
  let outputs: [NodeID]
  let variables: [NodeID]
  /// More values to compute, which are not differentiated.
  let others: [NodeID]
  /// Parameters, and the values they get when a step has succeeded.
  let updates: [(parameter: NodeID, value: NodeID)]
  /// Values without whose being finite nothing is updated.
  var guarded: [NodeID] = []
  let options: Program.Options
  let fileID: StaticString
  let line: UInt

  /// All passes, one after the other.
  ///
  /// - Throws: ``GraphError``: the first poisoned node that the outputs read; a variable that no gradient reaches, with
  ///   the gate where the path stops; a gate whose estimate of its own cost is negative, infinite or NaN; a
  ///   checkpointed scope that does not exist.
  /// - Complexity: O(nodes + edges).
  func run() throws(GraphError) -> Compiled {
    let lowered = try lower()
    let built = UnitBuilder.build(lowered.graph, options: options)
    let graph = built.graph
    let endpoints = Endpoints(
      graph, built.values, outputs: values, variables: variables, guarded: lowered.guarded,
      upstreams: lowered.upstreams)
    var plan = built.plan
    plan.updateParameters(by: graph, built.values, endpoints: endpoints)
    let provenance = Provenance(lowered.names, graph, built.values, plan.placement)
    let compiled = Compiled(
      plan: plan, endpoints: endpoints, provenance: provenance, graph: graph, values: built.values)
    if options.checksPlan { compiled._checkInvariants() }
    return compiled
  }

  /// The graph that is planned: differentiated, and rewritten by all passes.
  struct Lowered {
    let graph: IntermediateGraph
    let names: NodeNames
    fileprivate let upstreams: [NodeID]
    /// The user's nodes whose magnitudes are the last of the gradients.
    fileprivate let guarded: [NodeID]
  }

  private var values: [NodeID] { outputs + others }

  /// All passes up to planning.
  ///
  /// - Parameter record: notes what each pass did.
  /// - Throws: as ``run()``.
  /// - Complexity: O(nodes + edges).
  func lower(record: CompilationRecord? = nil) throws(GraphError) -> Lowered {
    let checkpoints = try CheckpointedScopes(options.checkpointedScopes, in: source, fileID: fileID, line: line)
    let working = Graph(source)
    let values = self.values
    try throwFirstPoison(in: working.snapshot(), values)
    let (upstreams, slopes) = try differentiate(working)
    let magnitudes = self.magnitudes(in: working)
    let gradients = slopes + magnitudes.map(\.magnitude)
    var state = working.takeState()
    try throwFirstPoison(in: state, gradients)
    let next = updates.map(\.value)
    try throwFirstPoison(in: state, next)
    try throwFirstLeak(in: state, values + gradients + next)
    try state.checkOwnKernels(values + gradients + next)
    let added = AddedNodes(state.storage, from: source.storage.count)
    let storage = state.takeStorage()
    let lowered = GraphPasses.apply(
      to: storage,
      roots: Roots(
        results: values, gradients: gradients, nextValues: next, updatedParameters: updates.map(\.parameter)),
      for: CompiledPurpose(source: state, options: options, checkpoints: checkpoints, outputs: values),
      record: record)
    return Lowered(
      graph: lowered, names: NodeNames(source, state, added), upstreams: upstreams,
      guarded: magnitudes.map(\.guarded))
  }

  /// Adds for each guarded value one number that is finite only if all its elements are: the largest magnitude. What
  /// holds integers is always finite.
  private func magnitudes(in graph: Graph) -> [(guarded: NodeID, magnitude: NodeID)] {
    if guarded.isEmpty { return [] }
    return graph.placing(at: fileID, line) {
      guarded.map { Node(graph: graph, id: $0) }.filter { $0.elementType.isDifferentiable || $0.isRefused }.map {
        value in
        (guarded: value.id, magnitude: abs(value.cast(to: value.elementType.computed)).max().id)
      }
    }
  }

  /// - Throws: the first use of a scan's state or element outside of the scan's body.
  private func throwFirstLeak(in state: GraphState, _ roots: [NodeID]) throws(GraphError) {
    guard let gate = state.storage.gates.number(of: ScanPlaceholder.self) else { return }
    let isUsed = DropUnused.usedNodes(of: state.storage, roots: roots)
    guard let leak = isUsed.indices.first(where: { isUsed[$0] && state.storage.rows[$0].gate == gate }) else { return }
    let reason = "this node stands for a value within the body of a scan, and something outside of the body reads it"
    throw GraphError(.outsideScan, reason, at: NodeID(leak), operands: [], in: state)
  }

  private func throwFirstPoison(in state: GraphState, _ roots: [NodeID]) throws(GraphError) {
    if state.poison.isEmpty { return }
    let isUsed = DropUnused.usedNodes(of: state.storage, roots: roots)
    if let first = state.poison.keys.filter({ isUsed[$0.int] }).min(), let error = state.poison[first] { throw error }
  }

  /// Adds an upstream input for each output and the gradient nodes of all variables.
  private func differentiate(_ graph: Graph) throws(GraphError) -> (upstreams: [NodeID], gradients: [NodeID]) {
    if variables.isEmpty { return ([], []) }
    let upstreams = graph.withState { state in
      let location = state.files.pack(fileID, line)
      return outputs.map { output in
        let signature = state.storage.signature(of: output)
        return state.addSource(Input(), signature.elementType, signature.shape, name: nil, at: location)
      }
    }
    func nodes(_ ids: [NodeID]) -> [Node] { ids.map { Node(graph: graph, id: $0) } }
    let (adjoints, walks) = try graph.differentiate(
      nodes(outputs), nodes(upstreams), nodes(variables), fileID: fileID, line: line)
    var gradients: [NodeID] = []
    for (number, (variable, adjoint)) in zip(variables, adjoints).enumerated() {
      guard let adjoint else {
        throw walks.walk(for: number).pathError(to: variable, from: outputs, in: graph.snapshot())
      }
      gradients.append(adjoint.id)
    }
    return (upstreams, gradients)
  }
}

/// What comes of all passes.
struct Compiled: ~Copyable {
  let plan: ProgramPlan
  let endpoints: Endpoints
  /// Where the plan's nodes come from.
  let provenance: Provenance
  fileprivate let graph: IntermediateGraph
  fileprivate let values: Column<PlacedValue>

  /// The plan beside what it is compared with.
  ///
  /// - Complexity: O(nodes).
  var check: PlanCheck { PlanCheck(plan, endpoints, graph, provenance, places: values.array().map(\.place)) }

  var nodeCount: Int { graph.storage.count }
}
