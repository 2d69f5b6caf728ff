/// How the contributions to a copy gate's gradient are added up.
public enum Accumulation: Hashable, Sendable {
  /// In the order the graph fixes. Each contribution is published by one atomic operation, and whoever completes the
  /// set adds it; so gradients are the same bits at every width, run after run.
  case graphOrder
  /// As they come: each producer adds its contribution into the gradient at once, by compare-exchange for scalars and
  /// by claiming stripes of it for tensors. No contribution is lost, but float addition is not associative, so the last
  /// bits depend on the interleaving.
  case arrivalOrder
}

/// A compiled graph: immutable, to be run by any number of sessions at once.
///
/// ```swift
/// let program = try Program(loss, gradientsFor: graph.parameters)
/// let session = program.makeSession()
/// ```
/// Compiling recognises the sigmoid, differentiates, folds constants, shares common subexpressions, drops what nobody
/// needs, groups the rest into units of work, and plans how long each buffer lives. The graph itself is not changed.
public final class Program: Sendable {
  public struct Options: Hashable, Sendable {
    public var accumulation = Accumulation.graphOrder
    /// Whether buffers share memory once their last reader is done, and are written over in place. Turning it off
    /// costs memory and changes no bit: it is there to prove that.
    public var reusesBuffers = true
    /// The nanoseconds of work that close a unit. With 0 every node is a unit of its own, so that a test of small graphs
    /// still meets every interleaving.
    package var unitWork = CostModel.unit
    /// Whether elementwise gates are fused into chains. Turning it off changes no bit: it is there to prove that.
    package var fusesElementwise = true
    public init(accumulation: Accumulation = .graphOrder, reusesBuffers: Bool = true) {
      self.accumulation = accumulation
      self.reusesBuffers = reusesBuffers
    }
  }

  let graph: Graph
  let options: Options
  let plan: ProgramPlan
  /// The nodes that the plan's nodes stand for, and the state that names them.
  let origins: [NodeID]
  let names: GraphState
  let endpoints: Endpoints

  /// Compiles `outputs` and, for each of `variables`, the gradient of Σ outputs · upstream; `others` are more values to
  /// compute, which are not differentiated, such as predictions beside a loss.
  ///
  /// - Throws: ``GraphError``: the first poisoned node that the outputs read; a variable that no gradient reaches, with
  ///   the gate where the path stops.
  /// - Complexity: O(nodes + edges).
  public init(
    _ outputs: [Node], gradientsFor variables: [Node] = [], alsoComputing others: [Node] = [],
    options: Options = Options(), fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) {
    precondition(!outputs.isEmpty, "A program computes at least one output")
    graph = outputs[0].graph
    self.options = options
    let values = outputs + others
    for node in values + variables { graph.check(node) }

    let working = graph.copy()
    let variableIDs = Set(variables.map(\.id))
    working.withState { RecogniseSigmoid.apply(to: &$0.storage, keeping: variableIDs) }
    try Self.throwFirstPoison(in: working, values.map(\.id))
    let (upstreams, gradients) = try Self.differentiate(outputs, variables, in: working, fileID: fileID, line: line)
    try Self.throwFirstPoison(in: working, gradients)

    let state = working.snapshot()
    let roots = values.map(\.id) + gradients
    let simplified = Simplify.apply(to: state.storage, roots: roots)
    let lowered =
      options.accumulation == .graphOrder ? FoldIntoProducts.apply(to: JoinPads.apply(to: simplified)) : simplified
    plan = UnitBuilder.build(lowered, outputCount: values.count, options: options)
    origins = lowered.origins
    names = state
    endpoints = Endpoints(
      lowered, plan.placement, outputs: values.map(\.id), variables: variables.map(\.id), upstreams: upstreams)
  }

  /// Compiles one output and the gradients of `variables`.
  public convenience init(
    _ output: Node, gradientsFor variables: [Node] = [], alsoComputing others: [Node] = [],
    options: Options = Options(), fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) {
    try self.init(
      [output], gradientsFor: variables, alsoComputing: others, options: options, fileID: fileID, line: line)
  }

  private static func throwFirstPoison(in graph: Graph, _ roots: [NodeID]) throws(GraphError) {
    let state = graph.snapshot()
    if state.poison.isEmpty { return }
    let isUsed = DropUnused.usedNodes(of: state.storage, roots: roots)
    if let first = state.poison.keys.filter({ isUsed[$0.int] }).min(), let error = state.poison[first] { throw error }
  }

  /// Adds an upstream input for each output and the gradient nodes of all variables.
  private static func differentiate(
    _ outputs: [Node], _ variables: [Node], in graph: Graph, fileID: StaticString, line: UInt
  ) throws(GraphError) -> (upstreams: [NodeID], gradients: [NodeID]) {
    if variables.isEmpty { return ([], []) }
    let outputs = outputs.map { Node(graph: graph, id: $0.id) }
    let variables = variables.map { Node(graph: graph, id: $0.id) }
    let upstreams = graph.withState { state in
      let location = state.files.pack(fileID, line)
      return outputs.map { output in
        let signature = state.storage.signature(of: output.id)
        let node = state.addSource(Input(), signature.elementType, signature.shape, name: nil, at: location)
        return Node(graph: graph, id: node)
      }
    }
    let (adjoints, walk) = try graph.differentiate(outputs, upstreams, variables, fileID: fileID, line: line)
    var gradients: [NodeID] = []
    for (variable, adjoint) in zip(variables, adjoints) {
      guard let adjoint else {
        throw walk.pathError(to: variable.id, from: outputs.map(\.id), in: graph.snapshot())
      }
      gradients.append(adjoint.id)
    }
    return (upstreams.map(\.id), gradients)
  }

  /// The number of units that workers run, forward and backward.
  public var unitCount: Int { plan.unitCosts.count }

  /// The line of an error message that names what `node` of the plan computes.
  func describe(_ node: NodeID) -> String { names.describe(origins[node.int]) }
  func name(of node: NodeID) -> String { names.name(of: origins[node.int]) }
}
