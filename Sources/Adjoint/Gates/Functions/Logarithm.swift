internal import Kernels

/// Natural logarithm: y = log x.   x̄ = ȳ / x, and 0 where ȳ = 0. At 0 it is −∞, below 0 NaN.
package struct Logarithm: ElementwiseGate, SampledGate {
  package static let name = "log"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.log(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.logarithm)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [quotient(upstream, node.inputs[0])]
  }

  package static let samples = [
    GateSample(Logarithm(), .uniform([2, 3], in: 0.5...2)),
    GateSample(Logarithm(), .uniform([], in: 0.5...2)),
  ]
}

/// The natural logarithm, elementwise.
public func log(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Logarithm(), x, at: x.graph.pack(fileID, line))
}
