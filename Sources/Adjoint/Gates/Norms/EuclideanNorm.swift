internal import Kernels

/// Euclidean norm over axes: y = √Σx².   x̄ = ȳ · x / y, and 0 where y = 0: of all subgradients there, the shortest.
///
/// Squares that overflow or underflow are summed anew, times a power of two: y is right wherever it is a number of the
/// type, and so is the direction x / y where y itself is none. An infinite element makes the norm infinite, a NaN
/// makes it NaN. At a vector of zeros derivatives of every order are 0.
package struct EuclideanNorm: ReductionGate, SampledGate {
  package static let name = "euclideanNorm"
  package static let symbol = "‖x‖"
  package let axes: [Int], keepsAxes: Bool
  package init(axes: [Int], keepsAxes: Bool = false) {
    self.axes = axes
    self.keepsAxes = keepsAxes
  }
  package func along(_ axes: [Int]) -> Self { Self(axes: axes, keepsAxes: keepsAxes) }
  package var kernel: Kernel { Kernel(.reduce(.norm, axes: axes)) }
  package func reduction(_ elements: [Double]) -> Double { SafeSquares(elements).norm }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let x = node.inputs[0]
    return [downstream(restoringAxes(upstream, of: x.shape), x.direction(axes: axes))]
  }

  /// ẏ = Σ ẋ · x / y.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { downstream($0, node.inputs[0].direction(axes: axes)).sum(axes: axes, keepsAxes: keepsAxes) }
  }

  package static let samples = reductionSamples { EuclideanNorm(axes: $0, keepsAxes: $1) }
}

extension EuclideanNorm: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(EuclideanNorm(axes: axes.map { $0 + 1 }, keepsAxes: keepsAxes), to: operands.values)
  }
}

/// Mean of squares over axes: y = Σx² / n.   x̄ = 2ȳ / n · x.
///
/// Squares that overflow are summed anew, times a power of two: y is infinite only if the mean itself is beyond the
/// type.
package struct MeanSquare: ReductionGate, SampledGate {
  package static let name = "meanSquare"
  package let axes: [Int], keepsAxes: Bool
  package init(axes: [Int], keepsAxes: Bool = false) {
    self.axes = axes
    self.keepsAxes = keepsAxes
  }
  package func along(_ axes: [Int]) -> Self { Self(axes: axes, keepsAxes: keepsAxes) }
  package var kernel: Kernel { Kernel(.reduce(.meanSquare, axes: axes)) }
  package func reduction(_ elements: [Double]) -> Double { SafeSquares(elements).mean }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let x = node.inputs[0]
    return [downstream(restoringAxes(share(upstream, node), of: x.shape), x)]
  }

  /// ẏ = Σ 2ẋ / n · x.
  package func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { downstream(share($0, node), node.inputs[0]).sum(axes: axes, keepsAxes: keepsAxes) }
  }

  private func share(_ value: Node, _ node: GateApplication) -> Node {
    value * (2 * Double(node.output.shape.elementCount) / Double(node.inputs[0].shape.elementCount))
  }

  package static let samples = reductionSamples { MeanSquare(axes: $0, keepsAxes: $1) }
}

extension MeanSquare: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(MeanSquare(axes: axes.map { $0 + 1 }, keepsAxes: keepsAxes), to: operands.values)
  }
}
