internal import Kernels

/// Square: y = x².   x̄ = ȳ · 2x.
public struct Square: ElementwiseGate {
  public static let name = "square"
  public static let symbol = "x²"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0] * x[0] }
  public var kernel: Kernel { Kernel(.elementwise(.square)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * (2 * node.inputs[0])]
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
