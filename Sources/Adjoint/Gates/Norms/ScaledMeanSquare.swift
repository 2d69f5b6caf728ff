internal import Kernels

/// Scaled mean square over axes, which stay: a mean of squares that always fits its type, and how it is scaled, in one
/// number c.
///
/// Where the sum of squares is a number, c is their mean. Elsewhere it is minus the mean of (p · x)², p a small power
/// of two.   x̄ = ±2c̄ / n · p² · x.
struct ScaledMeanSquare: ReductionGate, SampledGate {
  static let name = "scaledMeanSquare"
  let axes: [Int]
  var keepsAxes: Bool { true }
  func along(_ axes: [Int]) -> Self { Self(axes: axes) }
  var kernel: Kernel { Kernel(.reduce(.scaledMeanSquare, axes: axes)) }
  func reduction(_ elements: [Double]) -> Double { SafeSquares(elements).mean }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [slope(upstream, node)] }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { slope($0, node).sum(axes: axes, keepsAxes: true) }
  }

  /// What `given` becomes by ±2 / n · (p · x) · p: in this order nothing underflows on the way.
  private func slope(_ given: Node, _ node: GateApplication) -> Node {
    let code = Term(node.output, #fileID, #line), x = code.beside(node.inputs[0])
    let count = Double(x.node.shape.elementCount) / Double(code.node.shape.elementCount)
    let scale = code.scaleOfMeanSquare(), isScaled = code.literal(0).applying(Greater(), code)
    let factor = isScaled.applying(Select(), code.literal(-2 / count), code.literal(2 / count))
    return downstream(downstream(downstream(given, factor.node), (x * scale).node), scale.node)
  }

  static let samples = [
    GateSample(ScaledMeanSquare(axes: [0, 1]), .distinct([2, 3])),
    GateSample(ScaledMeanSquare(axes: [0]), .distinct([4, 3])),
    GateSample(ScaledMeanSquare(axes: [1]), .distinct([2, 3, 4])),
  ]
}

extension ScaledMeanSquare: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(ScaledMeanSquare(axes: axes.map { $0 + 1 }), to: operands.values)
  }
}

extension Term {
  /// p, for a result c of ``ScaledMeanSquare``.
  func scaleOfMeanSquare() -> Term {
    let isScaled = literal(0).applying(Greater(), self)
    return isScaled.applying(Select(), literal(scaleOfLargeSquares), literal(1))
  }

  /// The p of sums of squares that overflow.
  var scaleOfLargeSquares: Double { node.elementType.computed.isDouble ? 0x1p-640 : 0x1p-80 }
}

/// Numbers less their mean, as exact as they are themselves.
///
/// The mean of numbers far from 0 is rounded by more than they differ by, maybe: so the mean of what is left is taken
/// off too. It is 0 but for rounding, and so are its derivatives. Where a difference could overflow, all numbers are
/// first made smaller by one power of two.
struct CentredTerm {
  /// scale · (x − mean).
  let values: Term
  let mean: Term
  /// 1, but where the mean is huge.
  let scale: Term

  /// - Parameter mean: the mean of a value over the axes along which it is centred, which stay.
  init(_ x: Term, meanOf average: (Term) -> Term) {
    mean = average(x)
    scale = Self.scale(for: mean)
    let once = x * scale - mean * scale
    values = once - average(once).applying(StopGradient())
  }

  /// What x and a mean are multiplied by, so that their difference is a number.
  static func scale(for mean: Term) -> Term {
    let isHuge = mean.applying(Absolute()).applying(Greater(), mean.literal(mean.hugeMean))
    return isHuge.applying(Select(), mean.literal(0x1p-4), mean.literal(1))
  }
}

extension Term {
  fileprivate var hugeMean: Double { node.elementType.computed.isDouble ? 0x1p1000 : 0x1p100 }
}
