internal import Kernels

/// Angle of a point: θ = atan2(y, x), in −π...π, between the ray of positive x and that through (x, y).
/// ȳ = θ̄ · x / (x² + y²) and x̄ = −θ̄ · y / (x² + y²), and 0 at the origin, where θ has no slope, and at infinity.
///
/// Zeros have signs: for y = ±0, θ is ±0 where x > 0 or x = +0, and ±π where x < 0 or x = −0. Of an infinite x alone it
/// is ±0 or ±π, of an infinite y alone ±π/2, of both ±π/4 or ±3π/4. Across the ray of negative x it jumps by 2π; its
/// slopes there are those of both sides, which are alike.
///
/// Neither slope forms a square of x or y: each is right wherever it is a number.
package struct Atan2: ElementwiseGate, SampledGate {
  package static let name = "atan2"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.atan2(x[0], x[1]) }
  package var kernel: Kernel { Kernel(.elementwise(.atan2)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (y, x) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? downstream(upstream, circleInversion(x, y)) : nil,
      node.needsGradient(1) ? -downstream(upstream, circleInversion(y, x)) : nil,
    ]
  }

  package static let samples = [
    GateSample(Atan2(), .uniform([2, 3], in: 0.25...2), .uniform([3])),
    GateSample(Atan2(), .uniform([2, 1], in: -2...(-0.25)), .uniform([2, 3])),
    GateSample(Atan2(), .values([4], [1e-3, -1, 1, -0.5]), .values([4], [3, 0.5, -1, -2])),
  ]
}

/// The angle in −π...π between the ray of positive `x` and that through the point (`x`, `y`), elementwise, in radians.
///
/// Its gradient is right wherever it is a number, also where x² + y² is too large or too small to be held. It is 0 at
/// the origin, where the angle has none.
public func atan2(_ y: Node, _ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  y.graph.apply(Atan2(), y, x, at: y.graph.pack(fileID, line))
}

/// The same with one `x` for every element.
public func atan2(
  _ y: Node, _ x: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  y.applying(Atan2(), before: x.asDouble, fileID, line)
}

/// The same with one `y` for every element.
public func atan2(
  _ y: some NumberOperand, _ x: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  x.applying(Atan2(), after: y.asDouble, fileID, line)
}

extension Atan2: StatedAccuracy {
  /// Near the origin the slopes are beyond the largest number: no small upstream gradient brings them back. A second
  /// derivative is a product of two slopes, each rounded a few times, or the difference of their squares: what one has
  /// lost below the normal numbers is multiplied by the other, at most the reciprocal of the distance from the origin.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound {
    if order == 0 { return AccuracyBound() }
    let largest = max(x[0].magnitude, x[1].magnitude)
    // Nearer to the origin no slope but 0 lies below the normal numbers.
    let factor = order == 2 && largest < 1 && largest > 0x1p-30 ? 1 / largest : 1
    return AccuracyBound(ulps: order == 2 ? 16 : 8, subnormals: 4 * factor, overflowsOnTheWay: true)
  }
}

/// Inversion in the unit circle: s = a / (a² + b²), the first coordinate of the point (a, b) / (a² + b²); 0 at the
/// origin and at infinity.   ∂s/∂a = t² − s² and ∂s/∂b = −2 s t, with the other coordinate t = b / (a² + b²): s − i t
/// is the reciprocal of a + i b, and its slope minus the reciprocal's square.
///
/// The slopes of ``Atan2``.
struct CircleInversion: ElementwiseGate, SampledGate {
  static let name = "circleInversion"

  func value(_ x: ElementOperands) -> Double {
    let (a, b) = (x[0], x[1])
    let longer = max(a.magnitude, b.magnitude)
    if a.isNaN || b.isNaN { return .nan }
    if longer == 0 || longer.isInfinite { return 0 }
    // With the longer one in 1..<2 no square overflows, and none that counts underflows.
    func scaled(_ value: Double) -> Double {
      Double(sign: .plus, exponent: -Int(longer.exponent), significand: value)
    }
    return scaled(scaled(a) / (scaled(a) * scaled(a) + scaled(b) * scaled(b)))
  }

  var kernel: Kernel { Kernel(.elementwise(.circleInversion)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (s, t) = (node.output, circleInversion(node.inputs[1], node.inputs[0]))
    return [
      node.needsGradient(0) ? downstream(upstream, mutualProduct(t - s, t + s)) : nil,
      node.needsGradient(1) ? downstream(upstream, -2 * mutualProduct(s, t)) : nil,
    ]
  }

  static let samples = [
    GateSample(CircleInversion(), .uniform([2, 3], in: 0.5...2), .uniform([3])),
    GateSample(CircleInversion(), .uniform([2, 1]), .uniform([2, 3], in: -2...(-0.5))),
  ]
}

/// a / (a² + b²), elementwise.
private func circleInversion(_ a: Node, _ b: Node) -> Node { a.graph.apply(CircleInversion(), to: [a, b]) }
