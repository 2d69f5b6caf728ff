/// A node within a formula that a function of this package writes in gates for its caller.
///
/// What is computed from a term is made at the caller's line: the one that messages should name, not one in here.
///
/// ```swift
/// func swish(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
///   let x = Term(x, fileID, line)
///   return (x * x.applying(Sigmoid())).node
/// }
/// ```
struct Term {
  let node: Node
  let location: PackedLocation

  init(_ node: Node, _ fileID: StaticString, _ line: UInt) {
    self.node = node
    location = node.graph.pack(fileID, line)
  }

  init(_ node: Node, at location: PackedLocation) {
    self.node = node
    self.location = location
  }

  /// Another node of the same formula.
  func beside(_ node: Node) -> Term { Term(node, at: location) }

  /// The result of `gate` on this term, and on `others` after it.
  func applying(_ gate: some Gate, _ others: Term...) -> Term {
    Term(node.graph.apply(gate, to: [node] + others.map(\.node), at: location), at: location)
  }

  func literal(_ value: Double) -> Term { Term(node.literal(value, at: location), at: location) }

  /// This term, with what is wrong with the operands of the formula that it begins, or with one of them before.
  func refused(_ reason: String, operands: [Node]) -> Term {
    let operands = operands.map(\.id)
    node.graph.withState { state in
      let earlier = operands.compactMap { state.poison[$0] }.first
      state.markPoisoned(
        node.id, earlier ?? GraphError(.shapeMismatch, reason, at: node.id, operands: operands, in: state))
    }
    return self
  }

  /// This term, the last of a formula, and refused if a number that the formula was made with, maybe one out of a file,
  /// has no meaning there: a program that reads it is not compiled.
  func refused(unless isAllowed: Bool, _ reason: @autoclosure () -> String) -> Term {
    _ = node.refused(unless: isAllowed, reason())
    return self
  }

  func reshaped(_ shape: Shape) -> Term { shape == node.shape ? self : applying(Reshape(shape)) }

  static func + (left: Term, right: Term) -> Term { left.applying(Add(), right) }
  static func + (left: Term, right: Double) -> Term { left + left.literal(right) }
  static func - (left: Term, right: Term) -> Term { left.applying(Subtract(), right) }
  static func * (left: Term, right: Term) -> Term { left.applying(Multiply(), right) }
  static func * (left: Term, right: Double) -> Term { left * left.literal(right) }
  static func / (left: Term, right: Term) -> Term { left.applying(Divide(), right) }
}

extension Node {
  /// This node, which no one but the formula that ends with it has seen yet, refused if a number that the formula was
  /// made with, maybe one out of a file, has no meaning there: a program that reads it is not compiled.
  package func refused(unless isAllowed: Bool, _ reason: @autoclosure () -> String) -> Node {
    if isAllowed { return self }
    let reason = reason()
    graph.withState { state in
      state.markPoisoned(id, GraphError(.wrongValue, reason, at: id, operands: [], in: state))
    }
    return self
  }
}
