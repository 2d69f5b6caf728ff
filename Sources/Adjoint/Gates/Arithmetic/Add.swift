internal import CCallSite
internal import Kernels

/// Add: y = a + b.   Distributor: ā = ȳ,  b̄ = ȳ.
package struct Add: ElementwiseGate, SampledGate {
  package static let name = "add"
  package static let symbol = "+"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] + x[1] }
  package var kernel: Kernel { Kernel(.elementwise(.add)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream, upstream]
  }

  package static let samples = [
    GateSample(Add(), .uniform([2, 3]), .uniform([2, 3])),
    GateSample(Add(), .uniform([2, 3]), .uniform([3])),
    GateSample(Add(), .uniform([2, 1]), .uniform([1, 3])),
    GateSample(Add(), .uniform([]), .uniform([2, 2])),
  ]
}

extension Node {
  /// The sum of two nodes, elementwise: a + b.
  ///
  /// Axes broadcast from the last to the first: extents are equal, or one of them is 1 and its element is repeated, and a
  /// missing axis counts as 1.
  ///
  /// Other shapes, operands of two element types and integers poison the result: compiling it throws a ``GraphError`` with
  /// both operands and this line. A node of another graph is a precondition failure.
  @inline(never)
  public static func + (left: Node, right: Node) -> Node {
    left.graph.apply(Add(), left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right, in the element type of the node, for every element.
  @inline(never)
  public static func + (left: Node, right: Double) -> Node {
    left.applying(Add(), before: right, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number of another Swift type on the right.
  @inline(never) @_disfavoredOverload
  public static func + (left: Node, right: some NumberOperand) -> Node {
    left.applying(Add(), before: right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left, in the element type of the node, for every element.
  @inline(never)
  public static func + (left: Double, right: Node) -> Node {
    right.applying(Add(), after: left, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number of another Swift type on the left.
  @inline(never) @_disfavoredOverload
  public static func + (left: some NumberOperand, right: Node) -> Node {
    right.applying(Add(), after: left.asDouble, at: .operatorCall(adj_return_address()))
  }
}
