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
    of output: Node, withRespectTo variables: [Node], isTogether: Bool = false, fileID: StaticString, line: UInt
  ) throws(GraphError) -> [Node] {
    let (adjoints, walks) = try differentiate(
      [output], nil, variables, isTogether: isTogether, fileID: fileID, line: line)
    var gradients: [Node] = []
    for (number, (variable, adjoint)) in zip(variables, adjoints).enumerated() {
      guard let adjoint else {
        throw walks.walk(for: number).pathError(to: variable.id, from: [output.id], in: snapshot())
      }
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
  /// `mode` says which side is taken element by element; by default it is the smaller one, the outputs (reverse) if they
  /// tie.
  ///
  /// - Returns: a node of shape `output.shape` followed by `variable.shape`.
  /// - Throws: ``GraphError`` as for a gradient or a Jacobian-vector product, and where no path leads from the variable
  ///   to the output.
  /// - Complexity: O(nodes + edges) to build, whatever m outputs and n variables there are: min(m, n) passes of a gradient
  ///   or a Jacobian-vector product, as lanes of one pass. Run, they cost min(m, n) times what one pass does, in time and
  ///   in memory, but for the value and the local derivatives, which are computed once.
  public func jacobian(
    of output: Node, withRespectTo variable: Node, mode: DifferentiationMode? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) -> Node {
    check(output)
    check(variable)
    try checkDifferentiable([output], [variable])
    let (m, n) = (output.shape.elementCount, variable.shape.elementCount)
    let shape = Shape(output.shape.dimensions + variable.shape.dimensions)
    let isByRow = (mode ?? (m <= n ? .reverse : .forward)) == .reverse
    let matrix =
      isByRow
      ? try rows(of: output, variable, fileID: fileID, line: line)
      : try columns(of: output, variable, fileID: fileID, line: line)
    guard let matrix else {
      let state = snapshot()
      let reason = "\(state.describe(output.id)) has no derivative with respect to \(state.describe(variable.id))"
      throw GraphError(.noGradientPath, reason, at: variable.id, operands: [], in: state)
    }
    return matrix.reshaped(shape, fileID: fileID, line: line)
  }

  /// The gradient of each element of `output`, as the lanes of one backward pass; `nil` if there is none.
  private func rows(
    of output: Node, _ variable: Node, fileID: StaticString, line: UInt
  ) throws(GraphError) -> Node? {
    let lanes = try Lanes(self, seedLike: output) { copy, upstream throws(GraphError) in
      let gradients = try copy.gradients(
        of: [copy.counterpart(of: output)], upstream: [upstream], withRespectTo: [copy.counterpart(of: variable)])
      return gradients[0]?.id
    }
    return try lanes?.apply(to: units(like: output, fileID: fileID, line: line))
  }

  /// How `output` moves with each element of `variable`, found as the lanes of one forward pass, under the shape
  /// [output's elements, variable's elements]; `nil` if it does not.
  func columns(
    of output: Node, _ variable: Node, fileID: StaticString, line: UInt
  ) throws(GraphError) -> Node? {
    let lanes = try Lanes(self, seedLike: variable) { copy, tangent throws(GraphError) in
      let products = try copy.jacobianVectorProduct(
        of: [copy.counterpart(of: output)], along: [tangent], withRespectTo: [copy.counterpart(of: variable)])
      return products[0]?.id
    }
    let columns = try lanes?.apply(to: units(like: variable, fileID: fileID, line: line))
    return columns?.reshaped([variable.shape.elementCount, output.shape.elementCount], fileID: fileID, line: line)
      .transposed(fileID: fileID, line: line)
  }

  /// A lane for each element of `node`: 1 there, 0 elsewhere.
  ///
  /// - Throws: if no memory holds so many lanes.
  private func units(like node: Node, fileID: StaticString, line: UInt) throws(GraphError) -> Node {
    let count = node.shape.elementCount
    let lanes = Shape([count] + node.shape.dimensions)
    if let reason = lanes.impossibility {
      let reason = "a lane for each element of \(node.name) makes the shape \(lanes), and \(reason)"
      let unit = refused(OneHot(classes: count), [node], reason, fileID: fileID, line: line)
      throw withState { $0.poison[unit.id]! }
    }
    let positions = constant((0..<count).map { Int32($0) }, [count], fileID: fileID, line: line)
    return apply(OneHot(classes: count, elementType: node.elementType), to: [positions], fileID: fileID, line: line)
      .reshaped(lanes, fileID: fileID, line: line)
  }
}
