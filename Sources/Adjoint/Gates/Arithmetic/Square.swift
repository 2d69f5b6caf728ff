internal import Kernels

/// Square: y = x².   x̄ = 2 · (ȳ · x), and 0 where ȳ = 0. The factor 2 comes last: 2x overflows where ȳ · 2x need not.
package struct Square: ElementwiseGate, SampledGate {
  package static let name = "square"
  package static let symbol = "x²"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  package var kernel: Kernel { Kernel(.elementwise(.square)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, node.inputs[0]) * 2]
  }

  package static let samples = [
    GateSample(Square(), .uniform([2, 3])),
    GateSample(Square(), .uniform([])),
  ]
}

/// x², elementwise.
public func square(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Square(), x, at: x.graph.pack(fileID, line))
}
