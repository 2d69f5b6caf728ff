internal import Kernels

/// Power: y = aᵇ.   ā = ȳ · b · aᵇ⁻¹ (for b ≠ 0; 0 for b = 0, where aᵇ⁻¹ is infinite at a = 0),
/// b̄ = ȳ · y · log a (for a > 0; 0 elsewhere, where y is not differentiable in b).
public struct Power: ElementwiseGate {
  public static let name = "power"
  public init() {}
  public func value(_ x: [Double]) -> Double { Libm.pow(x[0], x[1]) }
  public var kernel: Kernel { Kernel(.elementwise(.power)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (base, exponent) = (node.inputs[0], node.inputs[1])
    let zero = base.literal(0)
    return [
      node.needsGradient(0) ? upstream * select(equal(exponent, zero), zero, exponent * pow(base, exponent - 1)) : nil,
      node.needsGradient(1) ? upstream * select(greater(base, zero), node.output * log(base), zero) : nil,
    ]
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
