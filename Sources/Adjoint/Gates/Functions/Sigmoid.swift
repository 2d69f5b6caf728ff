internal import Kernels

/// Sigmoid: y = σ(x) = 1 / (1 + e⁻ˣ).   x̄ = ȳ · σ′(x), which is y (1 − y) from the input, since
/// y has rounded to 1 where the slope has not rounded to 0 (see `SigmoidSlope`); and 0 where either factor is 0.
package struct Sigmoid: ElementwiseGate, SampledGate {
  package static let name = "sigmoid"
  package static let symbol = "σ"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Self.logistic(x[0]) }

  /// σ of one number.
  package static func logistic(_ x: Double) -> Double {
    x >= 0 ? 1 / (1 + Libm.exp(-x)) : Libm.exp(x) / (1 + Libm.exp(x))
  }

  package var kernel: Kernel { Kernel(.elementwise(.sigmoid)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [mutualProduct(upstream, sigmoidSlope(node.inputs[0]))]
  }

  package static let samples = [
    GateSample(Sigmoid(), .uniform([2, 3])),
    GateSample(Sigmoid(), .uniform([])),
  ]
}

/// σ(x) = 1 / (1 + e⁻ˣ), elementwise.
public func sigmoid(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Sigmoid(), x, at: x.graph.pack(fileID, line))
}
