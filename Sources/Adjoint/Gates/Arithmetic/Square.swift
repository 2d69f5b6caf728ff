internal import Kernels

/// Square: y = x².   x̄ = 2 · (ȳ · x), and 0 where ȳ = 0. The factor 2 comes last: 2x overflows where ȳ · 2x need not.
public struct Square: ElementwiseGate {
  public static let name = "square"
  public static let symbol = "x²"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0] * x[0] }
  public var kernel: Kernel { Kernel(.elementwise(.square)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, node.inputs[0]) * 2]
  }

  public static let samples = [
    GateSample(Square(), .uniform([2, 3])),
    GateSample(Square(), .uniform([])),
  ]
}

/// x², elementwise.
public func square(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Square(), x, at: x.graph.pack(fileID, line))
}
