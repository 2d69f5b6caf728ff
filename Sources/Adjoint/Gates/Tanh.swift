internal import Kernels

/// Hyperbolic tangent: y = tanh x.   x̄ = ȳ · (1 − y²).
public struct Tanh: ElementwiseGate {
  public static let name = "tanh"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.tanh(x[0]) }
  public var kernel: Kernel { Kernel(.elementwise(.tanh)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * (1 - square(node.output))]
  }

  public static let samples = [
    GateSample(Tanh(), .uniform([2, 3])),
    GateSample(Tanh(), .uniform([])),
  ]
}

/// tanh x, elementwise.
public func tanh(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Tanh(), x, at: x.graph.pack(fileID, line))
}
