/// Accumulate: y = ((x₁ + x₂) + x₃) + …, in this order: what a copy gate is in reverse, the sum of the gradients that
/// its consumers send back (t_n = Σ over children).   Distributor: every operand gets ȳ.
public struct Accumulate: Gate {
  public static let name = "accumulate"
  public static let symbol = "+"
  public init() {}

  public func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard let first = inputs.first else { throw ShapeError("accumulate needs at least one contribution") }
    if let other = inputs.first(where: { $0 != first }) {
      throw ShapeError("contributions of shapes \(first) and \(other) cannot be added up")
    }
    return first
  }

  public var kernel: Kernel { Kernel(.accumulate) }

  public func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let type = inputs[0].elementType
    let sums = inputs.dropFirst().reduce(inputs[0].values) { sums, contribution in
      zip(sums, contribution.values).map { type.rounded($0 + $1) }
    }
    return ReferenceTensor(shape, type, sums)
  }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { node.inputs.map { _ in upstream } }

  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let moving = tangents.compactMap { $0 }
    return moving.count == 1 ? moving[0] : node.output.graph.apply(Accumulate(), to: moving)
  }

  public static let samples = [
    GateSample(Accumulate(), .uniform([2, 3]), .uniform([2, 3]), .uniform([2, 3])),
    GateSample(Accumulate(), .uniform([]), .uniform([])),
  ]
}

extension Accumulate: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(self, to: operands.repeated)
  }
}
