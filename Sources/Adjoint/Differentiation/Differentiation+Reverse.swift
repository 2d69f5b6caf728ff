internal import DependencyScheduling

/// Reverse mode: from the outputs' upstream gradients to the gradients of the variables.
///
/// One walk over the nodes in reversed dependency order computes every adjoint t_n = Σ over the children c of n of
/// t_c · ∂c/∂n exactly once: when the walk reaches n, all of its consumers have been visited, so its contributions are
/// complete. They are added up by an ``Accumulate`` gate (a copy gate's reverse), and the gate's pullback turns the sum
/// into contributions to its inputs.
extension Differentiation {
  /// Walks back from `outputs`, whose gradients are `upstream`, and returns the adjoint of each variable.
  ///
  /// - Complexity: O(nodes and edges of the region).
  func adjoints(of outputs: [NodeID], upstream: [NodeID], variables: [NodeID]) -> [NodeID?] {
    var records = RuleRecords(.pullback)
    var contributions = Contributions(in: region)
    var seeds = Column<NodeID>(reserving: 1)
    for (output, gradient) in zip(outputs, upstream) where isActive(output) {
      contributions.add(gradient, to: output)
    }
    var isWanted = [Bool](repeating: false, count: region.count)
    for variable in variables { if let place = region.place(of: variable) { isWanted[place] = true } }
    var adjoints: [NodeID: NodeID] = [:]
    var next = region.count - 1
    let context = graph.withState { state in
      let before = state.context
      state.context.isForwardMode = false
      return before
    }
    while next >= 0 {
      var asked: Asked?
      graph.withState { state in
        while next >= 0, asked == nil {
          let place = next
          let node = region[place]
          next -= 1
          guard isActive(node), contributions.hasAny(node) else { continue }
          state.context.differentiating = node
          let adjoint = contributions.sum(of: node, &state)
          if isWanted[place] { adjoints[node] = adjoint }
          asked = passOn(adjoint, through: node, &contributions, &records, &seeds, &state)
        }
      }
      if let asked { passOn(asked, &contributions, &records, &seeds) }
    }
    graph.withState { state in
      state.context.isForwardMode = context.isForwardMode
      state.context.differentiating = context.differentiating
    }
    reachedPlaces = contributions.reached()
    return variables.map { adjoints[$0] }
  }

  /// A node whose gate has to be asked for its pullback, which may use the graph and so must not find it locked.
  private struct Asked {
    let node: NodeID, adjoint: NodeID
    let active: UInt32
    /// Whether the answer goes into the records.
    let isRecorded: Bool
  }

  /// Passes a node's adjoint on to its inputs, if the records say how.
  private func passOn(
    _ adjoint: NodeID, through node: NodeID, _ contributions: inout Contributions, _ records: inout RuleRecords,
    _ seeds: inout Column<NodeID>, _ state: inout GraphState
  ) -> Asked? {
    let active = inputBits(of: node) { isActive($0) }
    if active == 0 { return nil }
    seeds.removeAll()
    seeds.append(adjoint)
    let answer = records.apply(to: node, active, seeds: seeds, in: self, &state)
    guard answer == .known else {
      return Asked(node: node, adjoint: adjoint, active: active, isRecorded: answer == .unknown)
    }
    for position in 0..<records.resultCount {
      if let gradient = records.result(position) {
        contributions.add(gradient, to: forward.input(position, of: node))
      }
    }
    return nil
  }

  /// The same by asking the gate.
  private func passOn(
    _ asked: Asked, _ contributions: inout Contributions, _ records: inout RuleRecords, _ seeds: inout Column<NodeID>
  ) {
    if asked.isRecorded {
      records.enter(asked.node, asked.active, in: self)
      let again = graph.withState { state in
        passOn(asked.adjoint, through: asked.node, &contributions, &records, &seeds, &state)
      }
      if again == nil { return }
    }
    for (input, gradient) in zip(forward.inputs(of: asked.node), downstream(of: asked.adjoint, through: asked.node)) {
      if let gradient { contributions.add(gradient, to: input) }
    }
  }

  /// downstream = upstream · local, for every input that a gradient is needed of.
  func downstream(of upstream: NodeID, through node: NodeID) -> [NodeID?] {
    let inputs = forward.inputs(of: node)
    let application = GateApplication(differentiation: self, id: node)
    let downstream = forward.gate(of: node).pullback(Node(graph: graph, id: upstream), application)
    guard downstream.count == inputs.count else {
      let (given, wanted) = (counted(downstream.count, "gradient"), counted(inputs.count, "operand"))
      let reason = "its pullback gives \(given), and it has \(wanted)"
      return inputs.map { isActive($0) ? refused(by: node, like: $0) { _ in reason } : nil }
    }
    return inputs.indices.map { position in
      guard let gradient = downstream[position], isActive(inputs[position]) else { return nil }
      return summed(gradient, toOperand: position, of: node)
    }
  }

  /// Broadcasting made copies of an operand; the gradients of copies add up.
  private func summed(_ gradient: Node, toOperand position: Int, of node: NodeID) -> NodeID {
    let input = forward.input(position, of: node)
    guard gradient.graph === graph else {
      let stranger = gradient.described
      return refused(by: node, like: input) { state in
        "its pullback gives operand \(position), \(state.describe(input)), a gradient that belongs to another graph, "
          + stranger
      }
    }
    let wanted = forward.rows[input.int].signature
    if graph.withState({ $0.storage.rows[gradient.id.int].signature == wanted }) { return gradient.id }
    let shape = forward.signature(of: input).shape
    guard gradient.elementType == forward.signature(of: input).elementType,
      (try? Shape.broadcast(shape, gradient.shape)) == gradient.shape
    else {
      return refused(by: node, like: input, after: gradient.id) { state in
        let given = state.storage.signature(of: gradient.id)
        return "the pullback of \(state.describe(node)) gives a gradient of \(given.shape) \(given.elementType) "
          + "to its operand \(state.describe(input))"
      }
    }
    let axes = shape.broadcastAxes(in: gradient.shape)
    return gradient.computed { $0.sum(axes: axes) }.reshaped(shape).id
  }
}
