internal import Kernels

/// Select (where): y = a where c ≠ 0, else b.   Router: each side gets ȳ where it was taken and an exact 0 elsewhere,
/// selected and not multiplied, so that a NaN or ∞ of the branch not taken never reaches a gradient.
///
/// Elements of any type are selected, all three operands being of one; their bits are moved as they are.
package struct Select: ElementwiseGate, SampledGate {
  package static let name = "select"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] != 0 ? x[1] : x[2] }
  package func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType { try sharedType(inputs) }
  package var kernel: Kernel { Kernel(.elementwise(.select)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let condition = node.inputs[0]
    let zero = upstream.literal(0)
    return [
      nil,
      node.needsGradient(1) ? select(condition, upstream, zero) : nil,
      node.needsGradient(2) ? select(condition, zero, upstream) : nil,
    ]
  }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let condition = node.inputs[0]
    guard tangents[1] != nil || tangents[2] != nil else { return nil }
    return select(condition, tangents[1] ?? node.output.literal(0), tangents[2] ?? node.output.literal(0))
  }

  package static let samples = [
    GateSample(Select(), .values([4], [1, 0, 0, 2]), .uniform([4]), .uniform([4])),
    GateSample(Select(), .values([2, 1], [1, 0]), .uniform([2, 3]), .uniform([3])),
  ]
}

extension Node {
  /// The number of this type that these truth values were cast from, if they were: it is 0 where they are false, and
  /// they need not be cast back.
  fileprivate func number(of type: ElementType) -> Node? {
    guard elementType == .bool else { return nil }
    return graph.withState { state in
      guard state.poison[id] == nil, state.storage.gate(of: id) is Cast,
        let number = state.storage.inputs(of: id).first,
        state.storage.signature(of: number).elementType == type
      else { return nil }
      return Node(graph: graph, id: number)
    }
  }
}

/// `a` where `condition` is not 0, else `b`, elementwise; a NaN is not 0. No gradient flows into the condition.
///
/// - Parameters:
///   - condition: of any element type: truth values, say.
///   - a: of any element type and a shape that broadcasts with those of the other two.
///   - b: of the element type of `a`.
///   - fileID: where messages say that the node was made.
///   - line: the line there.
public func select(
  _ condition: Node, _ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let type = a.elementType
  // What is not 0 as the condition has it, not as the branches would.
  let taken =
    condition.elementType == type
    ? condition
    : condition.number(of: type)
      ?? condition.cast(to: .bool, fileID: fileID, line: line).cast(to: type, fileID: fileID, line: line)
  return taken.graph.apply(Select(), to: [taken, a, b], fileID: fileID, line: line)
}

/// The same with a number where `condition` is 0: `select(x .> 0, x, 0)`.
public func select(
  _ condition: Node, _ a: Node, _ b: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let number = a.literal(b.asDouble, at: a.graph.pack(fileID, line))
  return select(condition, a, number, fileID: fileID, line: line)
}

/// The same with a number where `condition` is not 0: `select(x .< 0, 0, x)`.
public func select(
  _ condition: Node, _ a: some NumberOperand, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let number = b.literal(a.asDouble, at: b.graph.pack(fileID, line))
  return select(condition, number, b, fileID: fileID, line: line)
}
