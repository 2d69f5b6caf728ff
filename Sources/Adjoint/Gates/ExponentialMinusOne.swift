internal import Kernels

/// Exponential minus one: y = eˣ − 1, of as many right digits near 0 as elsewhere.   x̄ = ȳ · (y + 1).
public struct ExponentialMinusOne: ElementwiseGate {
  public static let name = "expm1"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.expm1(x[0]) }
  public var kernel: Kernel { Kernel(.elementwise(.exponentialMinusOne)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * (node.output + 1)]
  }

  public static let samples = [
    GateSample(ExponentialMinusOne(), .uniform([2, 3])),
    GateSample(ExponentialMinusOne(), .uniform([])),
  ]
}

/// eˣ − 1, elementwise, without the cancellation of writing it so.
public func expm1(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(ExponentialMinusOne(), x, at: x.graph.pack(fileID, line))
}
