internal import Kernels

/// Hyperbolic tangent: y = tanh x.   x̄ = ȳ · 4σ′(2x), which is 1 − y² from the input, since y has
/// rounded to ±1 where the slope has not rounded to 0; and 0 where either factor is 0.
package struct Tanh: ElementwiseGate, SampledGate {
  package static let name = "tanh"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.tanh(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.tanh)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [mutualProduct(upstream, sigmoidSlope(2 * node.inputs[0]) * 4)]
  }

  package static let samples = [
    GateSample(Tanh(), .uniform([2, 3])),
    GateSample(Tanh(), .uniform([])),
  ]
}

/// tanh x, elementwise.
public func tanh(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Tanh(), x, at: x.graph.pack(fileID, line))
}
