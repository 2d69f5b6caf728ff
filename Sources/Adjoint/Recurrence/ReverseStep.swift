/// The gradient of one step of a scan, in a copy of its body: from the adjoints of the next state and of the outputs to
/// those of the state, the elements and the invariants.
struct ReverseStep {
  /// The body with the nodes of its gradient behind it.
  let graph: GraphState
  /// The parts of the state that have an adjoint, by their place among all.
  let state: [Int]
  /// The stacked values that a gradient comes from, and the sums, each by its place among its own.
  let outputs: [Int], summed: [Int]
  /// The elements and the invariants that a gradient is asked for and reaches.
  private(set) var elements: [Int] = [], sums: [Int] = []
  /// The sources that stand for the adjoints of the next state, of the outputs and of the sums.
  let seeds: [NodeID]
  /// The adjoint of each part of the state in ``state``, where it is not zero, of each of ``elements``, of each of
  /// ``sums``.
  private(set) var stateGradients: [NodeID?] = [], elementGradients: [NodeID] = [], sumGradients: [NodeID] = []
  /// The first mistake of a custom gate's pullback.
  let poison: GraphError?

  /// - Parameters:
  ///   - isGiven: for each part of the scan's state, each stacked value and each sum whether a gradient comes from
  ///     there.
  ///   - needs: whether an operand's gradient is asked for.
  init?(_ scan: Scan, _ isGiven: [Bool], needs: (Int) -> Bool) {
    let body = scan.body
    let firstElement = body.state.count, firstInvariant = firstElement + body.elements.count
    func wanted(_ nodes: [NodeID], from first: Int) -> [Int] {
      nodes.indices.filter { needs(first + $0) && body.signature(of: nodes[$0]).elementType.isDifferentiable }
    }
    let elements = wanted(body.elements, from: firstElement)
    let invariants = wanted(body.invariants, from: firstInvariant)
    let others = elements.map { body.elements[$0] } + invariants.map { body.invariants[$0] }
    let (state, depends) = body.activeState(from: Set(wanted(body.state, from: 0)), others)
    func reached(_ nodes: [NodeID], from first: Int) -> [Int] {
      nodes.indices.filter { position in
        isGiven[first + position] && depends[nodes[position].int]
          && body.signature(of: nodes[position]).elementType.isDifferentiable
      }
    }
    let outputs = reached(scan.stacked, from: firstElement)
    let summed = reached(scan.sums, from: firstElement + scan.stacked.count)
    (self.state, self.outputs, self.summed) = (state, outputs, summed)

    let copy = Graph(body.graph)
    func node(_ id: NodeID) -> Node { Node(graph: copy, id: id) }
    let results = state.map { body.next[$0] } + outputs.map { scan.stacked[$0] } + summed.map { scan.sums[$0] }
    let seeds = results.map { result in
      let signature = body.signature(of: result)
      return copy.withState {
        $0.addSource(
          Input(), signature.elementType, signature.shape, name: nil, at: body.graph.packedLocation(of: result))
      }
    }
    self.seeds = seeds
    let variables = state.map { body.state[$0] } + others
    guard !results.isEmpty, !variables.isEmpty,
      let found = try? copy.gradients(
        of: results.map(node), upstream: seeds.map(node), withRespectTo: variables.map(node))
    else { return nil }
    graph = copy.snapshot()
    let known = graph
    poison = found.lazy.compactMap { $0.flatMap { known.poison[$0.id] } }.first
    stateGradients = found.prefix(state.count).map { $0?.id }
    for (element, gradient) in zip(elements, found.dropFirst(state.count)) {
      guard let gradient else { continue }
      self.elements.append(element)
      elementGradients.append(gradient.id)
    }
    for (invariant, gradient) in zip(invariants, found.dropFirst(state.count + elements.count)) {
      guard let gradient else { continue }
      sums.append(invariant)
      sumGradients.append(gradient.id)
    }
  }

  /// All results.
  var gradients: [NodeID] { stateGradients.compactMap { $0 } + elementGradients + sumGradients }
}
