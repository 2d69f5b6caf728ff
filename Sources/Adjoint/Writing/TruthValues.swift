internal import CCallSite

/// Whether both are true, elementwise, of nodes of ``ElementType/bool``; axes broadcast. Written `a .& b`, too.
///
/// Of another element type it is an error that says to cast: with ``Node/cast(to:fileID:line:)`` whatever is not 0 is
/// true.
public func and(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  and(Term(a, fileID, line), b)
}

/// Whether one or both are true, elementwise, of nodes of ``ElementType/bool``; axes broadcast. Written `a .| b`, too.
public func or(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  or(Term(a, fileID, line), b)
}

/// Whether each element of a node of ``ElementType/bool`` is false. Written `.!a`, too.
public func not(_ a: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node { not(Term(a, fileID, line)) }

extension Node {
  /// Whether both are true, elementwise: ``and(_:_:fileID:line:)``.
  ///
  /// It binds as a product does, closer than a comparison: put comparisons in parentheses.
  @inline(never)
  public static func .& (left: Node, right: Node) -> Node {
    and(Term(left, at: .operatorCall(adj_return_address())), right)
  }

  /// Whether one or both are true, elementwise: ``or(_:_:fileID:line:)``.
  ///
  /// It binds as a sum does, closer than a comparison: put comparisons in parentheses.
  @inline(never)
  public static func .| (left: Node, right: Node) -> Node {
    or(Term(left, at: .operatorCall(adj_return_address())), right)
  }

  /// Whether each element is false: ``not(_:fileID:line:)``.
  @inline(never)
  public static prefix func .! (x: Node) -> Node { not(Term(x, at: .operatorCall(adj_return_address()))) }
}

private func and(_ a: Term, _ b: Node) -> Node {
  a.ofTruthValues([a.node, b], "and") { a.applying(Select(), a.beside(b), a) }
}

private func or(_ a: Term, _ b: Node) -> Node {
  a.ofTruthValues([a.node, b], "or") { a.applying(Select(), a, a.beside(b)) }
}

private func not(_ a: Term) -> Node {
  a.ofTruthValues([a.node], "not") { a.applying(Select(), a.literal(0), a.literal(1)) }
}

extension Term {
  /// What `select` makes of `operands`, or what is wrong with their types.
  fileprivate func ofTruthValues(_ operands: [Node], _ word: String, _ select: () -> Term) -> Node {
    guard let wrong = operands.first(where: { $0.graph === node.graph && $0.elementType != .bool }) else {
      return select().node
    }
    return refusal(
      of: Select(), operands,
      "\(word) takes truth values, got \(wrong.elementType); write \(wrong.name).cast(to: .bool)")
  }

  /// A node of a gate that does not go with `operands`, and why.
  func refusal(of gate: some Gate, _ operands: [Node], _ reason: String) -> Node {
    let graph = node.graph
    guard operands.allSatisfy({ $0.graph === graph }) else { return applying(gate, to: operands).node }
    return graph.withState { state in
      Node(graph: graph, id: state.refuse(gate, operands.map(\.id), reason, at: location))
    }
  }

  private func applying(_ gate: some Gate, to operands: [Node]) -> Term {
    Term(node.graph.apply(gate, to: operands, at: location), at: location)
  }
}
