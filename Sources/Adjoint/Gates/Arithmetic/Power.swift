internal import Kernels

/// Power: y = aᵇ.   ā = ȳ · b aᵇ⁻¹ (0 for b = 0, whatever a is),
/// b̄ = ȳ · y log a (for a > 0; 0 elsewhere, where y is not differentiable in b); 0 where ȳ = 0.
///
/// The derivative of b aᵇ⁻¹ with respect to b is aᵇ⁻¹ (1 + b log a), at b = 0 too. Where the power lies below the
/// normal numbers, a large factor multiplies its rounding: ā is right to |b| of the smallest numbers, b̄ to |log a| of
/// them.
package struct Power: ElementwiseGate, SampledGate {
  package static let name = "power"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.pow(x[0], x[1]) }
  package var kernel: Kernel { Kernel(.elementwise(.power)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, b, y) = (node.inputs[0], node.inputs[1], node.output)
    return [
      node.needsGradient(0) ? downstream(upstream, slope(a, b, y)) : nil,
      node.needsGradient(1) ? downstream(upstream, logarithmicSlope(a, y)) : nil,
    ]
  }

  /// b aᵇ⁻¹, or (b y) / a where aᵇ⁻¹ may overflow although a small b makes the product finite: there y is a normal
  /// number.
  private func slope(_ a: Node, _ b: Node, _ y: Node) -> Node {
    let (zero, one) = (a.literal(0), a.literal(1))
    let direct = downstream(b, shiftedPower(a, b, by: one))
    // a where both are small, else 0.
    let small = select(greater(a.literal(0.5), abs(b)), select(greater(one, abs(a)), a, zero), zero)
    return select(small, quotient(downstream(b, y), select(small, small, one)), direct)
  }

  package static let samples = [
    GateSample(Power(), .uniform([2, 3], in: 0.5...2), .uniform([2, 3], in: -2...2)),
    GateSample(Power(), .uniform([2, 3], in: 0.5...2), .uniform([], in: 1...3)),
  ]
}

/// aᵇ, elementwise.
public func pow(_ base: Node, _ exponent: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  base.graph.apply(Power(), base, exponent, at: base.graph.pack(fileID, line))
}

/// aᵇ with a fixed exponent, elementwise.
public func pow(_ base: Node, _ exponent: Double, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  base.applying(Power(), before: exponent, fileID, line)
}

/// The same with an exponent of another Swift type.
@_disfavoredOverload
public func pow(
  _ base: Node, _ exponent: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  base.applying(Power(), before: exponent.asDouble, fileID, line)
}

/// aᵇ of a fixed base, elementwise: `pow(2, x)`.
public func pow(
  _ base: some NumberOperand, _ exponent: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  exponent.applying(Power(), after: base.asDouble, fileID, line)
}

extension Power: StatedAccuracy {
  /// Where a power lies below the normal numbers, what it has lost there is multiplied by b and by log a, once for each
  /// derivative, and by 1 / a in a second one; and where it has overflowed, so have its slopes.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound {
    // Where all are far above the subnormal numbers of float32, none has lost what 1 / a could multiply.
    let isSmall = min(Libm.pow(x[0].magnitude, x[1]), x[0].magnitude, x[1].magnitude) < 0x1p-100
    let factors = [
      x[1].magnitude, Libm.log(x[0].magnitude).magnitude, isSmall && order == 2 ? 1 / x[0].magnitude : 1,
    ]
    let factor = factors.filter(\.isFinite).reduce(1, max)
    return AccuracyBound(subnormals: (0..<order).reduce(4) { bound, _ in bound * factor }, overflowsOnTheWay: true)
  }
}
