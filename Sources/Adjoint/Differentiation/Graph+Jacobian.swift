/// The order in which the chain rule is multiplied out.
public enum DifferentiationMode: Hashable, Sendable {
  /// From the inputs to the outputs, by pushforwards: one pass for each element of the variables.
  case forward
  /// From the outputs to the inputs, by pullbacks: one pass for each element of the outputs.
  case reverse
}

extension Graph {
  /// The gradient of one scalar with respect to one variable.
  ///
  /// - Throws: what ``gradients(of:upstream:withRespectTo:fileID:line:)`` throws, and a ``GraphError`` that says where
  ///   the path stops if none reaches the variable.
  /// - Complexity: that of one backward pass, a small multiple of the output's own cost.
  public func gradient(
    of output: Node, withRespectTo variable: Node, fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) -> Node {
    try requiredGradients(of: output, withRespectTo: [variable], fileID: fileID, line: line)[0]
  }

  func requiredGradients(
    of output: Node, withRespectTo variables: [Node], fileID: StaticString, line: UInt
  ) throws(GraphError) -> [Node] {
    let (adjoints, walk) = try differentiate([output], nil, variables, fileID: fileID, line: line)
    var gradients: [Node] = []
    for (variable, adjoint) in zip(variables, adjoints) {
      guard let adjoint else { throw walk.pathError(to: variable.id, from: [output.id], in: snapshot()) }
      gradients.append(adjoint)
    }
    return gradients
  }

  /// All partial derivatives of `output` with respect to `variable`: element [i…, j…] is ∂output[i…]/∂variable[j…].
  ///
  /// A gradient never needs one: a Jacobian is for those who want to look at it, or to solve with it.
  ///
  /// ```swift
  /// let jacobian = try graph.jacobian(of: y, withRespectTo: x)       // [3, 4] for y of shape [3] and x of shape [4]
  /// ```
  /// - Parameter mode: the side that is taken element by element; by default the smaller one, the outputs (reverse) if
  ///   they tie.
  /// - Returns: a node of shape `output.shape` followed by `variable.shape`.
  /// - Throws: ``GraphError`` as for a gradient or a Jacobian-vector product, and where no path leads from the variable
  ///   to the output.
  /// - Complexity: min(m, n) passes for m outputs and n variables, each built and run as a gradient or a Jacobian-vector
  ///   product is. What the passes have in common, the value and the local derivatives, is computed once.
  public func jacobian(
    of output: Node, withRespectTo variable: Node, mode: DifferentiationMode? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) -> Node {
    check(output)
    check(variable)
    try checkDifferentiable([output], [variable])
    let (m, n) = (output.shape.elementCount, variable.shape.elementCount)
    let matrix: Node?
    switch mode ?? (m <= n ? .reverse : .forward) {
    case .reverse: matrix = rows(of: output, variable, fileID: fileID, line: line)
    case .forward: matrix = try columns(of: output, variable, fileID: fileID, line: line)
    }
    guard let matrix else {
      let state = snapshot()
      let reason = "\(state.describe(output.id)) has no derivative with respect to \(state.describe(variable.id))"
      throw GraphError(.noGradientPath, reason, at: variable.id, operands: [], in: state)
    }
    let shape = Shape(output.shape.dimensions + variable.shape.dimensions)
    return matrix.reshaped(shape, fileID: fileID, line: line)
  }

  /// The Jacobian as a matrix, made of the gradient of each element of `output`; `nil` if there is none.
  private func rows(of output: Node, _ variable: Node, fileID: StaticString, line: UInt) -> Node? {
    let walk = Differentiation(self, snapshot().storage, variables: [variable.id])
    var records = RuleRecords(.pullback)
    var rows: [Node] = []
    for element in 0..<output.shape.elementCount {
      let upstream = unit(element, like: output, fileID: fileID, line: line)
      let row = walk.adjoints(of: [output.id], upstream: [upstream.id], variables: [variable.id], &records)[0]
      guard let row else { return nil }
      rows.append(Node(graph: self, id: row).reshaped([1, variable.shape.elementCount], fileID: fileID, line: line))
    }
    return rows.count == 1 ? rows[0] : concatenate(rows, axis: 0, fileID: fileID, line: line)
  }

  /// The Jacobian as a matrix, made of how `output` moves with each element of `variable`; `nil` if it does not.
  func columns(
    of output: Node, _ variable: Node, fileID: StaticString, line: UInt
  ) throws(GraphError) -> Node? {
    let mode = ForwardMode(of: [output], withRespectTo: [variable], in: self)
    var records = RuleRecords(.pushforward)
    var columns: [Node] = []
    for element in 0..<variable.shape.elementCount {
      let tangent = unit(element, like: variable, fileID: fileID, line: line)
      guard let column = try mode.products(along: [tangent], &records)[0] else { return nil }
      columns.append(column.reshaped([output.shape.elementCount, 1], fileID: fileID, line: line))
    }
    return columns.count == 1 ? columns[0] : concatenate(columns, axis: 1, fileID: fileID, line: line)
  }

  /// 1 at one element, 0 elsewhere.
  private func unit(_ element: Int, like node: Node, fileID: StaticString, line: UInt) -> Node {
    let position = constant([Int32(element)], [1], fileID: fileID, line: line)
    let gate = OneHot(classes: node.shape.elementCount, elementType: node.elementType)
    return apply(gate, to: [position], fileID: fileID, line: line).reshaped(node.shape, fileID: fileID, line: line)
  }
}
