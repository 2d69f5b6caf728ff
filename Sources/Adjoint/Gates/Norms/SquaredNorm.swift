/// Squared norm: y = Σx² over axes.   x̄ = 2 · (ȳ · x), ȳ repeated along the axes, and 0 where ȳ = 0.
///
/// It is what the square of a ``EuclideanNorm`` is recognised as when it is differentiated; the square as written
/// computes the value.
struct SquaredNorm: ReductionGate, RecordedGate, SampledGate {
  static let name = "squaredNorm"
  let axes: [Int], keepsAxes: Bool
  func along(_ axes: [Int]) -> Self { Self(axes: axes, keepsAxes: keepsAxes) }
  func reduction(_ elements: [Double]) -> Double { elements.reduce(0) { $0 + $1 * $1 } }

  var kernel: Kernel {
    .custom { [self] arguments in
      try arguments.write(definition([arguments.reference(0)], shape: arguments.outputShape))
    }
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let x = node.inputs[0]
    return [downstream(restoringAxes(upstream, of: x.shape), x) * 2]
  }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { (downstream($0, node.inputs[0]) * 2).sum(axes: axes, keepsAxes: keepsAxes) }
  }

  static let samples = reductionSamples { SquaredNorm(axes: $0, keepsAxes: $1) }
}
