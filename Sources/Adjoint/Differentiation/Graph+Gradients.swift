extension Graph {
  /// Adds to this graph the nodes that compute Σ over `outputs` of upstream · ∂output/∂variable, and returns one for
  /// each variable: the gradients, or with `upstream` the vector-Jacobian products.
  ///
  /// The result is made of ordinary nodes: compile them, or differentiate them again for second derivatives.
  ///
  /// ```swift
  /// let slope = try graph.gradients(of: [f], withRespectTo: [x])[0]!
  /// let curvature = try graph.gradients(of: [slope], withRespectTo: [x])[0]!
  /// ```
  ///
  /// `upstream` holds the gradient of each output, of its shape; 1 for scalars if left out.
  ///
  /// - Returns: for each variable a node of its shape, or `nil` where no output depends on it differentiably.
  /// - Throws: ``GraphError`` for a poisoned or integer output, and for a non-scalar without an upstream gradient.
  /// - Complexity: O(nodes + edges) between the variables and the outputs, each adjoint once, however large the rest of
  ///   the graph is. Run, all gradients together cost a small multiple of the outputs,
  ///   about two to three times, however many variables there are.
  public func gradients(
    of outputs: [Node], upstream: [Node]? = nil, withRespectTo variables: [Node],
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) -> [Node?] {
    try differentiate(outputs, upstream, variables, fileID: fileID, line: line).adjoints
  }

  func differentiate(
    _ outputs: [Node], _ upstream: [Node]?, _ variables: [Node], isTogether: Bool = false, fileID: StaticString,
    line: UInt
  ) throws(GraphError) -> (adjoints: [Node?], walks: Walks) {
    try checkOwn(outputs + (upstream ?? []) + variables, readBy: "a gradient")
    try checkDifferentiable(outputs, variables)
    try checkUpstream(upstream, of: outputs)
    let seeds = upstream ?? outputs.map { constant(1, [], $0.elementType, fileID: fileID, line: line) }
    // Taken behind the seeds: a constant that is added to a graph while there is a copy of it has all constants copied.
    let forward = withState { $0.storage }
    let walks = Walks(
      self, forward, outputs: outputs.map(\.id), variables: variables.map(\.id), isTogether: isTogether)
    var adjoints = [Node?](repeating: nil, count: variables.count)
    for walk in walks.all {
      let found = walk.differentiation.adjoints(
        of: outputs.map(\.id), upstream: seeds.map(\.id), variables: walk.variables.map { variables[$0].id })
      for (number, adjoint) in zip(walk.variables, found) {
        adjoints[number] = adjoint.map { Node(graph: self, id: $0) }
      }
    }
    return (adjoints, walks)
  }

  /// That no output is poisoned, and nothing to differentiate holds integers.
  func checkDifferentiable(_ outputs: [Node], _ variables: [Node]) throws(GraphError) {
    let state = snapshot()
    if let poisoned = outputs.lazy.compactMap({ state.poison[$0.id] }).first { throw poisoned }
    for node in outputs + variables where !state.storage.signature(of: node.id).elementType.isDifferentiable {
      let reason = "\(state.describe(node.id)) has no gradient: it holds integers"
      throw GraphError(.notDifferentiable, reason, at: node.id, operands: [], in: state)
    }
  }

  private func checkUpstream(_ upstream: [Node]?, of outputs: [Node]) throws(GraphError) {
    let state = snapshot()
    func fail(_ kind: GraphError.Kind, _ reason: String, _ node: Node) throws(GraphError) -> Never {
      throw GraphError(kind, reason, at: node.id, operands: [], in: state)
    }
    if let upstream, upstream.count != outputs.count {
      try fail(
        .upstreamMismatch, "\(outputs.count) outputs need as many upstream gradients, got \(upstream.count)", outputs[0]
      )
    }
    for (position, output) in outputs.enumerated() {
      let signature = state.storage.signature(of: output.id)
      if let gradient = upstream?[position], state.storage.signature(of: gradient.id) != signature {
        try fail(
          .upstreamMismatch,
          "the upstream gradient \(state.describe(gradient.id)) differs from its output \(state.describe(output.id))",
          output)
      }
      if upstream == nil, signature.shape != .scalar {
        try fail(
          .upstreamMismatch,
          "\(state.describe(output.id)) is not a scalar: differentiating it needs an upstream gradient of its shape",
          output)
      }
    }
  }
}

extension Differentiation {
  private func isReached(_ node: NodeID) -> Bool { region.place(of: node).map { reachedPlaces[$0] } ?? false }

  /// Why no gradient reached `variable`: the gate that the walk reached and that passed nothing on towards it.
  func pathError(to variable: NodeID, from outputs: [NodeID], in state: GraphState) -> GraphError {
    var leadsTo = [Bool](repeating: false, count: forward.count)
    leadsTo[variable.int] = true
    for index in variable.int..<forward.count {
      if forward.inputs(of: NodeID(index)).contains(where: { leadsTo[$0.int] }) { leadsTo[index] = true }
    }
    let stop = (variable.int..<forward.count).first { leadsTo[$0] && isReached(NodeID($0)) }
    let reason =
      if let stop {
        "the gradient stops at \(state.describe(NodeID(stop))): the gate \(forward.traits(of: NodeID(stop)).name) "
          + "passes none on"
      } else {
        "none of the outputs \(outputs.map { state.name(of: $0) }.joined(separator: ", ")) depends on it"
      }
    let message = "no gradient reaches \(state.describe(variable)): \(reason)"
    return GraphError(.noGradientPath, message, at: variable, operands: [], in: state)
  }
}
