internal import Kernels

/// Power: y = aᵇ.   ā = ȳ · b · aᵇ⁻¹ (for b ≠ 0; 0 for b = 0, where aᵇ⁻¹ is infinite at a = 0),
/// b̄ = ȳ · y · log a (for a > 0; 0 elsewhere, where y is not differentiable in b).
///
/// What is not taken is made finite before it is computed: an infinite value times the 0 that is sent back to it would be a
/// NaN in the next derivative.
public struct Power: ElementwiseGate {
  public static let name = "power"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.pow(x[0], x[1]) }
  public var kernel: Kernel { Kernel(.elementwise(.power)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (base, exponent) = (node.inputs[0], node.inputs[1])
    let lowered = { self.lowered(base, exponent, exponentVaries: node.needsGradient(1)) }
    return [
      node.needsGradient(0) ? upstream * (exponent * lowered()) : nil,
      node.needsGradient(1) ? upstream * logarithmic(base, exponent) : nil,
    ]
  }

  /// aᵇ⁻¹, and 1 where the factor b is 0: of a fixed exponent, whatever a is, so that no a is too small for any order of
  /// derivative; of one that varies, whose derivative there is 1 / a, at a = 0 only.
  private func lowered(_ base: Node, _ exponent: Node, exponentVaries: Bool) -> Node {
    let zero = base.literal(0)
    let isZero = equal(exponent, zero)
    let isSingular = exponentVaries ? isZero * equal(base, zero) : isZero
    return pow(base, select(isSingular, zero, exponent - 1))
  }

  /// aᵇ · log a for a > 0, else 0 as at a = 1.
  private func logarithmic(_ base: Node, _ exponent: Node) -> Node {
    let safe = select(greater(base, base.literal(0)), base, base.literal(1))
    return pow(safe, exponent) * log(safe)
  }

  public static let samples = [
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
  let location = base.graph.pack(fileID, line)
  return base.graph.apply(Power(), base, base.literal(exponent, at: location), at: location)
}
