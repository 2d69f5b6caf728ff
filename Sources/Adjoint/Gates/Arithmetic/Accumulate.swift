/// Accumulate: y = ((x₁ + x₂) + x₃) + …, in this order: what a copy gate is in reverse, the sum of the gradients that
/// its consumers send back (t_n = Σ over children).   Distributor: every operand gets ȳ.
///
/// More than sixteen operands are added in groups of sixteen, and the sums of the groups likewise, until one is left: a
/// copy gate with ten thousand consumers adds in parallel, and few contributions are kept at a time.
package struct Accumulate: Gate, SampledGate {
  package static let name = "accumulate"
  package static let symbol = "+"
  /// The most operands that are added one after the other.
  package static let width = 16  // Decisions/Sums.md
  package init() {}

  package func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard let first = inputs.first else { throw ShapeError("accumulate needs at least one contribution") }
    if let other = inputs.first(where: { $0 != first }) {
      throw ShapeError("contributions of shapes \(first) and \(other) cannot be added up")
    }
    return first
  }

  package var kernel: Kernel { Kernel(.accumulate) }

  package func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let type = inputs[0].elementType
    let sum = Self.sum(of: inputs.map(\.values)) { group in
      group.dropFirst().reduce(group.first!) { sums, contribution in
        zip(sums, contribution).map { type.rounded($0 + $1) }
      }
    }
    return ReferenceTensor(shape, type, sum)
  }

  /// The sum of `terms`, of which there is one at least.
  ///
  /// - Parameter add: the sum of a group, of two terms up to ``width``, in their order.
  static func sum<Term>(of terms: some Collection<Term>, adding add: (ArraySlice<Term>) -> Term) -> Term {
    var terms = Array(terms)
    while terms.count > 1 {
      terms = stride(from: 0, to: terms.count, by: width).map { start in
        let group = terms[start..<min(start + width, terms.count)]
        return group.count == 1 ? group.first! : add(group)
      }
    }
    return terms[0]
  }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { node.inputs.map { _ in upstream } }

  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let moving = tangents.compactMap { $0 }
    return moving.count == 1 ? moving[0] : node.output.graph.apply(Accumulate(), to: moving)
  }

  package static let samples = [
    GateSample(Accumulate(), .uniform([2, 3]), .uniform([2, 3]), .uniform([2, 3])),
    GateSample(Accumulate(), .uniform([]), .uniform([])),
    GateSample(Accumulate(), operands: Array(repeating: .uniform([2]), count: width + 2)),
  ]
}

extension Accumulate: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(self, to: operands.repeated)
  }
}
