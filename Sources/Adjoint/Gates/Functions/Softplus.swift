internal import Kernels

/// Softplus: y = log(1 + eˣ), a smooth max(x, 0) that never overflows.   x̄ = ȳ · σ(x), and
/// 0 where either factor is 0.
package struct Softplus: ElementwiseGate, SampledGate {
  package static let name = "softplus"
  package init() {}
  package func value(_ x: ElementOperands) -> Double {
    x[0].isNaN ? x[0] : max(x[0], 0) + Libm.log1p(Libm.exp(-x[0].magnitude))
  }
  package var kernel: Kernel { Kernel(.elementwise(.softplus)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [mutualProduct(upstream, sigmoid(node.inputs[0]))]
  }

  package static let samples = [
    GateSample(Softplus(), .uniform([2, 3])),
    GateSample(Softplus(), .uniform([])),
  ]
}

/// log(1 + eˣ), elementwise: x where eˣ would overflow, eˣ where it is below the last place of 1.
public func softplus(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Softplus(), x, at: x.graph.pack(fileID, line))
}
