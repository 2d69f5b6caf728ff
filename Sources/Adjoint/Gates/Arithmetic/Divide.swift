internal import CCallSite
internal import Kernels

/// Divide: y = a / b.   ā = ȳ / b,  b̄ = −ȳ · y / b, and 0 where ȳ or y is 0. Division by zero gives the IEEE infinity
/// or NaN.
///
/// y is multiplied before b divides: 1 / b overflows where b is small and y / b need not.
package struct Divide: ElementwiseGate, SampledGate {
  package static let name = "divide"
  package static let symbol = "/"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] / x[1] }
  package var kernel: Kernel { Kernel(.elementwise(.divide)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let divisor = node.inputs[1]
    return [
      node.needsGradient(0) ? quotient(upstream, divisor) : nil,
      node.needsGradient(1) ? -quotient(mutualProduct(upstream, node.output), divisor) : nil,
    ]
  }

  /// ẏ = (ȧ − y · ḃ) / b.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let (a, b) = (tangents[0], tangents[1].map { -mutualProduct($0, node.output) })
    return sum(a, b).map { quotient($0, node.inputs[1]) }
  }

  package static let samples = [
    GateSample(Divide(), .uniform([2, 3]), .uniform([2, 3], in: 0.5...2)),
    GateSample(Divide(), .uniform([2, 3]), .uniform([2, 1], in: -2...(-0.5))),
  ]
}

extension Node {
  /// The quotient of two nodes, elementwise: a / b; dividing by 0 gives ±∞ or NaN, no error.
  ///
  /// Axes broadcast from the last to the first: extents are equal, or one of them is 1 and its element is repeated, and a
  /// missing axis counts as 1.
  ///
  /// Other shapes, operands of two element types and integers poison the result: compiling it throws a ``GraphError`` with
  /// both operands and this line. A node of another graph is a precondition failure.
  @inline(never)
  public static func / (left: Node, right: Node) -> Node {
    left.graph.apply(Divide(), left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right, in the element type of the node, for every element.
  @inline(never)
  public static func / (left: Node, right: Double) -> Node {
    left.applying(Divide(), before: right, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number of another Swift type on the right.
  @inline(never) @_disfavoredOverload
  public static func / (left: Node, right: some NumberOperand) -> Node {
    left.applying(Divide(), before: right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left, in the element type of the node, for every element.
  @inline(never)
  public static func / (left: Double, right: Node) -> Node {
    right.applying(Divide(), after: left, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number of another Swift type on the left.
  @inline(never) @_disfavoredOverload
  public static func / (left: some NumberOperand, right: Node) -> Node {
    right.applying(Divide(), after: left.asDouble, at: .operatorCall(adj_return_address()))
  }
}

extension Divide: StatedAccuracy {
  /// The slope by b is −y / b. Of ȳ · y / b, either factor first: 1 / b overflows where b is small, ȳ · y where ȳ is
  /// large. What y has lost below the normal numbers is divided by b, once for each derivative.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound { .ofQuotient(x, order) }
}

extension AccuracyBound {
  static func ofQuotient(_ x: [Double], _ order: Int) -> AccuracyBound {
    // As far above the normal numbers of float32, nothing is lost.
    let isSmall = x[0] != 0 && !((x[0] / x[1]).magnitude >= 0x1p-100)
    let factor = isSmall ? max(1, 1 / x[1].magnitude) : 1
    let subnormals = (0..<order).reduce(4.0) { bound, _ in bound * factor }
    return AccuracyBound(subnormals: subnormals.isFinite ? subnormals : 4, overflowsOnTheWay: true)
  }
}
