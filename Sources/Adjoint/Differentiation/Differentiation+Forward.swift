/// Forward mode: from the variables' tangents to the tangents of the outputs.
///
/// One walk over the nodes in dependency order computes every tangent ṅ = Σ over the inputs i of n of ∂n/∂i · i̇
/// exactly once: when the walk reaches n, all of its inputs have been visited. A node without a tangent is one that no
/// variable moves: its tangent is zero, and nothing is made for it.
extension Differentiation {
  /// Walks from the variables, whose tangents are `seeds`, to `outputs`, and returns the tangent of each. A variable
  /// that is computed from another moves with it, and by its own seed besides.
  ///
  /// - Complexity: O(nodes and edges of the region).
  func tangents(of outputs: [NodeID], along seeds: [(variable: NodeID, tangent: NodeID)]) -> [NodeID?] {
    var records = RuleRecords(.pushforward)
    let isNeeded = placesLeading(to: outputs)
    var tangents = Tangents(in: region)
    for (variable, tangent) in seeds {
      graph.withState { tangents.add(tangent, to: variable, &$0) }
    }
    let context = graph.withState { state in
      let before = state.context
      state.context.isForwardMode = true
      return before
    }
    for place in isNeeded.indices where isNeeded[place] && isActive(region[place]) {
      visit(region[place], &tangents, &records)
    }
    graph.withState { state in
      state.context.isForwardMode = context.isForwardMode
      state.context.differentiating = context.differentiating
    }
    return outputs.map { tangents[$0] }
  }

  /// For each place of the region whether any of `outputs` reads its node, over however many gates.
  ///
  /// - Complexity: O(nodes and edges of the region).
  private func placesLeading(to outputs: [NodeID]) -> [Bool] {
    var leads = [Bool](repeating: false, count: region.count)
    for output in outputs { if let place = region.place(of: output) { leads[place] = true } }
    for place in stride(from: region.count - 1, through: 0, by: -1) where leads[place] {
      forward.forEachInput(of: region[place]) { if let read = region.place(of: $0) { leads[read] = true } }
    }
    return leads
  }

  /// Makes the tangent of `node` from those of its inputs.
  private func visit(_ node: NodeID, _ tangents: inout Tangents, _ records: inout RuleRecords) {
    let moving = tangents.gather(forward.inputs(of: node))
    guard moving != 0 else { return }
    var answer = RuleRecords.Answer.askEachTime
    graph.withState { state in
      state.context.differentiating = node
      answer = records.apply(to: node, moving, seeds: tangents.gathered, in: self, &state)
    }
    if answer == .unknown {
      records.enter(node, moving, in: self)
      graph.withState { answer = records.apply(to: node, moving, seeds: tangents.gathered, in: self, &$0) }
    }
    let tangent =
      answer == .known
      ? records.result(0) : self.tangent(of: node, forward.inputs(of: node).map { tangents[$0] })
    if let tangent { graph.withState { tangents.add(tangent, to: node, &$0) } }
  }

  /// Σ over the inputs of local · tangent; `nil` where no input with a tangent moves the result.
  func tangent(of node: NodeID, _ tangents: [NodeID?]) -> NodeID? {
    let application = GateApplication(differentiation: self, id: node)
    let given = tangents.map { $0.map { Node(graph: graph, id: $0) } }
    guard let tangent = forward.gate(of: node).pushforward(given, application) else { return nil }
    guard tangent.graph === graph else {
      let stranger = tangent.described
      return refused(by: node, like: node) { _ in
        "its pushforward gives a tangent that belongs to another graph, \(stranger)"
      }
    }
    let (signature, result) = (forward.signature(of: node), tangent)
    guard result.elementType == signature.elementType,
      (try? Shape.broadcast(result.shape, signature.shape)) == signature.shape
    else {
      return refused(by: node, like: node, after: result.id) { state in
        let given = state.storage.signature(of: result.id)
        return "the pushforward of \(state.describe(node)) gives a tangent of \(given.shape) \(given.elementType)"
      }
    }
    return result.broadcast(to: signature.shape).id
  }
}

/// The tangent of each node that has one.
struct Tangents: ~Copyable {
  private static let none = NodeID(index: .max)
  private let region: NodeRegion
  /// By place in the region.
  private var column: Column<NodeID>
  /// The tangents among those asked for last.
  private(set) var gathered = Column<NodeID>()

  init(in region: NodeRegion) {
    self.region = region
    column = Column(repeating: Self.none, count: region.count)
  }

  subscript(node: NodeID) -> NodeID? {
    guard let place = region.place(of: node), column[place] != Self.none else { return nil }
    return column[place]
  }

  /// Gives a node a tangent, or adds to the one it has; nothing to a node outside of the region, which moves no output.
  mutating func add(_ tangent: NodeID, to node: NodeID, _ state: inout GraphState) {
    guard let place = region.place(of: node) else { return }
    let known = column[place]
    column[place] = known == Self.none ? tangent : state.sum(known, tangent)
  }

  /// Collects the tangents of `inputs` in ``gathered``, and says by a bit which of the first have one.
  mutating func gather(_ inputs: some Sequence<NodeID>) -> UInt32 {
    var bits: UInt32 = 0
    gathered.removeAll()
    for (offset, input) in inputs.enumerated() {
      guard let tangent = self[input] else { continue }
      gathered.append(tangent)
      bits |= 1 << UInt32(min(offset, 31))
    }
    return bits
  }
}
