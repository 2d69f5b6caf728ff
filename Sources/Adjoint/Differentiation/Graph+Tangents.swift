extension Graph {
  /// Adds to this graph the nodes that compute Σ over `variables` of ∂output/∂variable · tangent, and returns one for
  /// each output: the Jacobian-vector products, by forward mode.
  ///
  /// A tangent says how fast its variable moves; the product says how fast the output then does. Where few variables
  /// move and many outputs are asked for it is the cheaper mode; where many variables lead to one output,
  /// ``gradients(of:upstream:withRespectTo:fileID:line:)`` is. The nodes are ordinary ones, to be compiled or
  /// differentiated again in either mode.
  ///
  /// ```swift
  /// let slope = try graph.jacobianVectorProduct(of: [f], along: [graph.constant(1)], withRespectTo: [x])[0]!
  /// ```
  /// There is one tangent for each variable, of its shape and element type.
  ///
  /// - Returns: for each output a node of its shape, or `nil` where no variable moves it differentiably.
  /// - Throws: ``GraphError`` for a poisoned or integer output, tangents that do not go with their variables, and a
  ///   gate without a pushforward, with its name and the line that applied it.
  /// - Complexity: O(nodes + edges) between the variables and the outputs, each tangent once. Run, the products cost
  ///   about as much again as the outputs do, or twice that, however many outputs there are.
  public func jacobianVectorProduct(
    of outputs: [Node], along tangents: [Node], withRespectTo variables: [Node]
  ) throws(GraphError) -> [Node?] {
    try checkOwn(outputs + tangents + variables, readBy: "a Jacobian-vector product")
    try checkDifferentiable(outputs, variables)
    try checkTangents(tangents, of: variables)
    var products = [NodeID?](repeating: nil, count: outputs.count)
    let walks = Walks(self, snapshot().storage, outputs: outputs.map(\.id), variables: variables.map(\.id))
    for walk in walks.all {
      let seeds = walk.variables.map { (variable: variables[$0].id, tangent: tangents[$0].id) }
      let found = walk.differentiation.tangents(of: outputs.map(\.id), along: seeds)
      products = zip(products, found).map { sum($0, $1) }
    }
    let poison = snapshot().poison
    if let first = products.lazy.compactMap({ $0.flatMap { poison[$0] } }).first { throw first }
    return products.map { $0.map { Node(graph: self, id: $0) } }
  }

  /// The sum of the tangents that two walks give a node.
  private func sum(_ first: NodeID?, _ second: NodeID?) -> NodeID? {
    guard let first, let second else { return first ?? second }
    return withState { $0.sum(first, second) }
  }

  private func checkTangents(_ tangents: [Node], of variables: [Node]) throws(GraphError) {
    let state = snapshot()
    if tangents.count != variables.count, let node = variables.first ?? tangents.first {
      let reason = "\(variables.count) variables need as many tangents, got \(tangents.count)"
      throw GraphError(.tangentMismatch, reason, at: node.id, operands: [], in: state)
    }
    for (tangent, variable) in zip(tangents, variables)
    where state.storage.rows[tangent.id.int].signature != state.storage.rows[variable.id.int].signature {
      let reason = "the tangent \(state.describe(tangent.id)) differs from its variable \(state.describe(variable.id))"
      throw GraphError(.tangentMismatch, reason, at: variable.id, operands: [], in: state)
    }
  }
}
