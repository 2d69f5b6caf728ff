/// The forward-mode derivative of one step of a scan, in a copy of its body: from the tangents of the state, the
/// elements and the invariants to those of the next state and of the stacked values.
struct ForwardStep {
  /// The body with the nodes of its derivative behind it.
  let graph: GraphState
  /// The parts of the state, the elements and the invariants that move, by their places among all.
  let state: [Int], elements: [Int], invariants: [Int]
  /// What moves with them of the stacked values and the sums, by its place among both, stacked values first.
  private(set) var outputs: [Int] = []
  /// How many stacked values the scan has.
  private let stackedCount: Int
  /// The sources that stand for the tangents of ``state``, ``elements`` and ``invariants``.
  let seeds: [NodeID]
  /// The tangents after the step of each of ``state``, `nil` where they are 0, and of each of ``outputs``.
  private var stateTangents: [NodeID?] = [], outputTangents: [NodeID] = []

  /// - Parameter moves: for each operand of the scan whether it has a tangent.
  /// - Returns: `nil` if nothing moves the results.
  /// - Throws: the first mistake of a gate's pushforward, or that it has none.
  init?(_ scan: Scan, moves: [Bool]) throws(GraphError) {
    let body = scan.body
    let firstElement = body.state.count, firstInvariant = firstElement + body.elements.count
    elements = body.elements.indices.filter { moves[firstElement + $0] }
    invariants = body.invariants.indices.filter { moves[firstInvariant + $0] }
    let others = elements.map { body.elements[$0] } + invariants.map { body.invariants[$0] }
    let (state, depends) = body.activeState(from: Set(body.state.indices.filter { moves[$0] }), others)
    self.state = state
    let wanted = scan.stacked + scan.sums
    stackedCount = scan.stacked.count
    let dependent = wanted.indices.filter { depends[wanted[$0].int] }

    let copy = Graph(body.graph)
    let variables = state.map { body.state[$0] } + others
    let seeds = variables.map { variable in
      let signature = body.signature(of: variable)
      return copy.withState {
        $0.addSource(
          Input(), signature.elementType, signature.shape, name: nil, at: body.graph.packedLocation(of: variable))
      }
    }
    self.seeds = seeds
    func node(_ id: NodeID) -> Node { Node(graph: copy, id: id) }
    let results = state.map { body.next[$0] } + dependent.map { wanted[$0] }
    let products = try copy.jacobianVectorProduct(
      of: results.map(node), along: seeds.map(node), withRespectTo: variables.map(node))
    graph = copy.snapshot()
    stateTangents = products.prefix(state.count).map { $0?.id }
    for (output, product) in zip(dependent, products.dropFirst(state.count)) {
      guard let product else { continue }
      outputs.append(output)
      outputTangents.append(product.id)
    }
    if state.isEmpty, outputs.isEmpty { return nil }
  }

  /// All tangents that are not 0.
  var products: [NodeID] { stateTangents.compactMap { $0 } + outputTangents }

  /// The scan of tangents, whose results are the tangents of ``state`` and of ``outputs``. Its sequences are the
  /// tangents of ``elements`` and what is read of the step, its invariants likewise.
  func scan(_ reads: StepReads, _ body: ScanBody) -> Scan {
    var builder = ScanBodyBuilder(from: graph)
    let stateSeeds = seeds.prefix(state.count).map { builder.addSource(for: $0) }
    let elementSeeds = seeds.dropFirst(state.count).prefix(elements.count)
    let sequences = (elementSeeds + reads.elements.map { body.elements[$0] } + reads.kept).map {
      builder.addSource(for: $0)
    }
    let weights = (seeds.suffix(invariants.count) + reads.invariants.map { body.invariants[$0] }).map {
      builder.addSource(for: $0)
    }
    builder.copy(leadingTo: products)
    let next = zip(stateTangents, state).map { tangent, part in
      tangent.map { builder[$0] } ?? builder.addZeros(like: body.state[part])
    }
    let forward = ScanBody(
      builder.graph, state: stateSeeds, elements: sequences, invariants: weights, next: next,
      stepCount: body.stepCount, isReversed: body.isReversed)
    let split = outputs.count { $0 < stackedCount }
    let tangents = outputTangents.map { builder[$0] }
    return Scan(body: forward, stacked: Array(tangents.prefix(split)), sums: Array(tangents.dropFirst(split)))
  }
}
