internal import Kernels

/// Exponential: y = eˣ.   x̄ = ȳ · y.
public struct Exponential: ElementwiseGate {
  public static let name = "exp"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.exp(x[0]) }
  public var kernel: Kernel { Kernel(.elementwise(.exponential)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * node.output]
  }

  public static let samples = [
    GateSample(Exponential(), .uniform([2, 3])),
    GateSample(Exponential(), .uniform([])),
  ]
}

/// eˣ, elementwise.
public func exp(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Exponential(), x, at: x.graph.pack(fileID, line))
}
