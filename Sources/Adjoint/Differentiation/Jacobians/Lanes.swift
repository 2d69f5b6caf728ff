/// Many passes of differentiation at once: one pass is built for a placeholder in place of its seed, and then made anew
/// with one more axis in front of everything that depends on the seed, a *lane* for each pass.
///
/// So a Jacobian of a thousand rows is a graph as large as that of one row, whose gates are a thousand times wider: what
/// does not depend on the seed is computed once, and each gate runs all lanes in one go where it has a rule for them, or
/// lane by lane where it has none.
struct Lanes {
  private let graph: Graph
  /// The graph with the pass for the placeholder.
  private let single: GraphState
  private let seed: NodeID
  private let result: NodeID
  /// The nodes that were there before the pass.
  private let known: Int

  /// Builds the pass that `derivative` adds to a copy of `graph`, for a placeholder of the signature of `node`; `nil`
  /// if it gives nothing.
  init?(
    _ graph: Graph, seedLike node: Node, _ derivative: (Graph, Node) throws(GraphError) -> NodeID?
  ) throws(GraphError) {
    self.graph = graph
    let copy = graph.copy()
    known = copy.nodeCount
    let signature = graph.withState { $0.storage.signature(of: node.id) }
    seed = copy.withState {
      $0.addSource(Input(), signature.elementType, signature.shape, name: nil, at: .unknown)
    }
    guard let result = try derivative(copy, Node(graph: copy, id: seed)) else { return nil }
    self.result = result
    single = copy.snapshot()
    if let error = single.poison[result] { throw error }
  }

  /// Adds to the graph the results of all passes, whose seeds are `seeds`, of shape [lanes] + the placeholder's.
  ///
  /// - Complexity: O(nodes + edges) of one pass, and a node a lane for each gate that has no rule for lanes.
  func apply(to seeds: Node) -> Node {
    let count = seeds.shape[0]
    var values: [NodeID: Node] = [seed: seeds]
    let context = graph.withState { $0.context }
    var hasLanes: Set<NodeID> = [seed]
    for node in single.storage.nodes(from: known, leadingTo: [result]) where node != seed {
      let inputs = single.storage.inputs(of: node)
      let operands = inputs.map { values[$0] ?? Node(graph: graph, id: $0) }
      graph.withState { state in
        state.context.differentiating = single.forwardNode(of: node)
        state.context.isForwardMode = single.isTangent(node)
      }
      if inputs.contains(where: hasLanes.contains) {
        let operands = LaneOperands(
          values: operands, hasLanes: inputs.map(hasLanes.contains), count: count,
          shape: single.storage.signature(of: node).shape)
        values[node] = Self.apply(single.storage.gate(of: node), operands)
        hasLanes.insert(node)
      } else {
        values[node] = graph.repeating(node, of: single, on: operands)
      }
    }
    graph.withState { state in
      state.context.differentiating = context.differentiating
      state.context.isForwardMode = context.isForwardMode
    }
    let result = values[result] ?? Node(graph: graph, id: result)
    return hasLanes.contains(self.result) ? result : result.broadcast(to: Shape([count] + result.shape.dimensions))
  }

  /// One gate on all lanes.
  static func apply(_ gate: some Gate, _ operands: LaneOperands) -> Node {
    // The shape of a refused operand is not the one that lanes are cut from.
    if let refused = operands.values.first(where: \.isRefused) {
      return operands.graph.apply(StopGradient(), to: [refused])
    }
    if let gate = gate as? any LaneGate { return gate.apply(toLanes: operands) }
    if gate is any ElementwiseGate {
      return operands.graph.apply(gate, to: operands.aligned(rank: operands.shape.rank))
    }
    let lanes = (0..<operands.count).map { lane in
      operands.graph.apply(gate, to: operands.values.indices.map { operands.lane(lane, of: $0) })
    }
    return concatenate(lanes.map { $0.reshaped(Shape([1] + $0.shape.dimensions)) })
  }
}

/// A gate that can be applied to many lanes at once.
protocol LaneGate: Gate {
  func apply(toLanes operands: LaneOperands) -> Node
}

/// Operands of a gate, some of them with one more axis in front, along which the lanes lie.
struct LaneOperands {
  let values: [Node]
  let hasLanes: [Bool]
  /// How many lanes there are.
  let count: Int
  /// The shape of the gate's result in one lane.
  let shape: Shape

  var graph: Graph { values[0].graph }

  /// The shape of an operand in one lane.
  func shape(of position: Int) -> Shape {
    let shape = values[position].shape
    return hasLanes[position] ? Shape(Array(shape.dimensions.dropFirst())) : shape
  }

  /// The operands as they broadcast with one another: axes of extent 1 between the lanes and the axes of an operand of
  /// fewer than `rank`.
  func aligned(rank: Int) -> [Node] {
    values.indices.map { position in
      let own = shape(of: position).dimensions
      guard hasLanes[position] else { return values[position] }
      return values[position].reshaped(Shape([count] + [Int](repeating: 1, count: rank - own.count) + own))
    }
  }

  /// The operands with all lanes, repeated where they have none.
  var repeated: [Node] {
    values.indices.map { values[$0].broadcast(to: Shape([count] + shape(of: $0).dimensions)) }
  }

  /// A gate that works on rows, applied with the lanes of its first operand behind all other axes: rows stay in front.
  func applyWithLanesLast(_ gate: some Gate) -> Node {
    let x = values[0]
    let last = x.transposed(Array(1..<x.shape.rank) + [0])
    let result = graph.apply(gate, to: [last] + values.dropFirst())
    return result.transposed([shape.rank] + Array(0..<shape.rank))
  }

  /// An operand in one lane.
  func lane(_ lane: Int, of position: Int) -> Node {
    guard hasLanes[position] else { return values[position] }
    return values[position].sliced(lane..<lane + 1).reshaped(shape(of: position))
  }
}
