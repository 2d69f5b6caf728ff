internal import Kernels

/// Scaled norm over axes, which stay: a length that always fits its type, and how it is scaled, in one number c.
///
/// Where the norm and its square are ordinary numbers, c is the norm. Elsewhere it is −p · ‖x‖: p is a small power of
/// two where squares overflow, and c at most −1; a large one where they underflow, and c above −1/2. So the direction
/// of a vector, (p · x) / |c|, is right even if its length is beyond the type.   x̄ = c̄ · ±p · x / ‖x‖, and 0 where the norm is.
struct ScaledNorm: ReductionGate, SampledGate {
  static let name = "scaledNorm"
  let axes: [Int]
  var keepsAxes: Bool { true }
  func along(_ axes: [Int]) -> Self { Self(axes: axes) }
  var kernel: Kernel { Kernel(.reduce(.scaledNorm, axes: axes)) }
  func reduction(_ elements: [Double]) -> Double { SafeSquares(elements).norm }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, slope(node))]
  }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    tangents[0].map { downstream($0, slope(node)).sum(axes: axes, keepsAxes: true) }
  }

  /// ±p · x / ‖x‖.
  private func slope(_ node: GateApplication) -> Node {
    let code = Term(node.output, #fileID, #line)
    let scale = code.scaleOfCode()
    let sign = code.literal(0).applying(Greater(), code).applying(Select(), scale.applying(Negate()), scale)
    return (sign * code.direction(of: code.beside(node.inputs[0]))).node
  }

  static let samples = [
    GateSample(ScaledNorm(axes: [0, 1]), .distinct([2, 3])), GateSample(ScaledNorm(axes: [0]), .distinct([4, 3])),
    GateSample(ScaledNorm(axes: [1]), .distinct([2, 3, 4])),
  ]
}

extension ScaledNorm: LaneGate {
  func apply(toLanes operands: LaneOperands) -> Node {
    operands.graph.apply(ScaledNorm(axes: axes.map { $0 + 1 }), to: operands.values)
  }
}

/// The powers of two by which ``ScaledNorm`` scales.
struct NormScales {
  /// p where squares overflow, and where they underflow.
  let down: Double, up: Double
  /// Results below it are of large norms, and others below 0 of small ones.
  static let bound = -0.5

  init(_ type: ElementType) {
    (down, up) = type.computed.isDouble ? (0x1p-512, 0x1p256) : (0x1p-64, 0x1p32)
  }
}

extension Term {
  /// p, for a result c of ``ScaledNorm``.
  func scaleOfCode() -> Term {
    let scales = NormScales(node.elementType)
    let isLarge = literal(NormScales.bound).applying(Greater(), self)
    let isScaled = literal(0).applying(Greater(), self)
    return isLarge.applying(
      Select(), literal(scales.down), isScaled.applying(Select(), literal(scales.up), literal(1)))
  }

  /// The norm itself, for a result c of ``ScaledNorm``.
  func normOfCode() -> Term { applying(Absolute()) / scaleOfCode() }

  /// x / ‖x‖, and 0 where `isShort` or the norm is 0, for a result c of ``ScaledNorm`` on `x`.
  func direction(of x: Term, unless isShort: Term? = nil) -> Term {
    let isZero = isShort ?? applying(Equal(), literal(0))
    // What an infinite length divides is 0, and its derivatives are. Any other has a reciprocal that is a number.
    let length = isZero.applying(Select(), literal(.infinity), applying(Absolute()))
    return x * scaleOfCode() * (literal(1) / length)
  }
}

extension Node {
  /// x / √Σx² over `axes`, counted from the front, and 0 where that is 0.
  func direction(axes: [Int]) -> Node {
    let x = Term(self, #fileID, #line)
    return x.applying(ScaledNorm(axes: axes)).direction(of: x).node
  }
}

/// The squares of numbers, summed so that neither a large nor a small one is lost: for definitions.
struct SafeSquares {
  /// Their sum times the square of `scale`, a power of two.
  private let sum: Double, scale: Double
  private let count: Int

  init(_ elements: [Double]) {
    let largest = elements.contains(where: \.isNaN) ? .nan : elements.map(\.magnitude).max() ?? 0
    let exponent = largest > 0 && largest.isFinite ? Swift.max(-1000, Swift.min(1000, largest.exponent)) : 0
    let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
    sum = largest > 0 && largest.isFinite ? elements.reduce(0) { $0 + $1 * scale * ($1 * scale) } : largest
    self.scale = scale
    count = elements.count
  }

  var norm: Double { sum.squareRoot() / scale }
  var mean: Double { sum / Double(count) / scale / scale }
}
