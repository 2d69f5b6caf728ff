internal import Kernels

/// Slope of the sigmoid: y = σ′(x) = e^−|x| / (1 + e^−|x|)², an even function.   x̄ = −ȳ · y tanh(x / 2), and 0 where
/// either factor is 0.
///
/// It is computed from the sigmoid's input: the output has rounded to 1 from 17 on in float32, 37 in float64, where the
/// slope is 4 · 10⁻⁸ and 9 · 10⁻¹⁷.
struct SigmoidSlope: ElementwiseGate, SampledGate {
  static let name = "sigmoidSlope"
  static let symbol = "σ′"
  func value(_ x: ElementOperands) -> Double {
    let power = Libm.exp(-x[0].magnitude)
    return power / ((1 + power) * (1 + power))
  }
  var kernel: Kernel { Kernel(.elementwise(.sigmoidSlope)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [-mutualProduct(upstream, node.output * tanh(node.inputs[0] * 0.5))]
  }

  static let samples = [
    GateSample(SigmoidSlope(), .uniform([2, 3])),
    GateSample(SigmoidSlope(), .uniform([])),
  ]
}

/// σ′(x), elementwise.
func sigmoidSlope(_ x: Node) -> Node { x.graph.apply(SigmoidSlope(), to: [x]) }
