internal import CCallSite
internal import Kernels

/// Negate: y = −x.   x̄ = −ȳ.
public struct Negate: ElementwiseGate {
  public static let name = "negate"
  public static let symbol = "×−1"
  public init() {}
  public func value(_ x: [Double]) -> Double { -x[0] }
  public var kernel: Kernel { Kernel(.elementwise(.negate)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [-upstream]
  }

  public static let samples = [
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
