internal import CCallSite
internal import Kernels

/// Negate: y = −x.   x̄ = −ȳ.
package struct Negate: ElementwiseGate, SampledGate {
  package static let name = "negate"
  package static let symbol = "×−1"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { -x[0] }
  package var kernel: Kernel { Kernel(.elementwise(.negate)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [-upstream]
  }

  package static let samples = [
    GateSample(Negate(), .uniform([2, 3])),
    GateSample(Negate(), .uniform([])),
  ]
}

extension Node {
  /// −x, elementwise; of integers, it poisons the result: compiling it throws a ``GraphError`` with this line.
  @inline(never)
  public static prefix func - (x: Node) -> Node {
    x.graph.apply(Negate(), x, at: .operatorCall(adj_return_address()))
  }
}
