extension Graph {
  /// Adds the nodes that compute H · v, the Hessian of a scalar times a vector, without the Hessian: forward mode over the
  /// reverse mode's gradient.
  ///
  /// It is what Newton's method by conjugate gradients needs of a function, at any number of variables.
  ///
  /// ```swift
  /// let product = try graph.hessianVectorProduct(of: loss, along: [v], withRespectTo: [w])[0]
  /// ```
  /// With several variables the Hessian is that of all of them together, mixed derivatives included, and there is one
  /// vector for each, of its shape and element type.
  ///
  /// - Returns: for each variable a node of its shape; a zero where the gradient does not change.
  /// - Throws: ``GraphError`` as for a gradient and a Jacobian-vector product.
  /// - Complexity: O(nodes + edges). Run, the product costs about twice what the gradient does, in time and in memory.
  public func hessianVectorProduct(
    of output: Node, along vectors: [Node], withRespectTo variables: [Node],
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) -> [Node] {
    let gradients = try requiredGradients(
      of: output, withRespectTo: variables, isTogether: true, fileID: fileID, line: line)
    let products = try jacobianVectorProduct(of: gradients, along: vectors, withRespectTo: variables)
    return zip(products, variables).map { product, variable in
      product ?? constant(0, variable.shape, variable.elementType, fileID: fileID, line: line)
    }
  }

  /// All second derivatives of a scalar with respect to one variable: element [i…, j…] is
  /// ∂²output/∂variable[i…]∂variable[j…].
  ///
  /// Its diagonal alone takes as many passes: a part of H · v mixes all variables. Where the output is a sum of terms of
  /// one element each, H is diagonal, and ``hessianVectorProduct(of:along:withRespectTo:fileID:line:)`` along ones is
  /// that diagonal, in one pass.
  ///
  /// - Returns: a node of shape `variable.shape` twice.
  /// - Throws: ``GraphError`` as for a gradient and a Jacobian-vector product.
  /// - Complexity: O(nodes + edges) to build. Run, it costs n Hessian-vector products for a variable of n elements, as lanes
  ///   of one, in time and in memory, but for what they have in common, which is computed once.
  public func hessian(
    of output: Node, withRespectTo variable: Node, fileID: StaticString = #fileID, line: UInt = #line
  ) throws(GraphError) -> Node {
    let gradient = try gradient(of: output, withRespectTo: variable, fileID: fileID, line: line)
    let shape = Shape(variable.shape.dimensions + variable.shape.dimensions)
    guard let matrix = try columns(of: gradient, variable, fileID: fileID, line: line) else {
      return constant(0, shape, variable.elementType, fileID: fileID, line: line)
    }
    return matrix.reshaped(shape, fileID: fileID, line: line)
  }
}
