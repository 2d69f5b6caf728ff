internal import Kernels

/// Shifted power: y = aᵇ⁻ᵏ for a small whole number k, as if b − k were not rounded.   ā = ȳ · (b − k) aᵇ⁻ᵏ⁻¹,
/// b̄ = ȳ · y log a (for a > 0, else 0); 0 where ȳ = 0.
///
/// It is what a ``Power`` is multiplied by when it is differentiated k times. A power magnifies what b − 1 loses by
/// |log a|, up to 745.
struct ShiftedPower: ElementwiseGate {
  static let name = "shiftedPower"
  static let symbol = "power"

  func value(_ x: ElementOperands) -> Double {
    let (a, b, k) = (x[0], x[1], x[2])
    let exponent = b - k
    let power = Libm.pow(a, exponent)
    // What b - k has lost, exactly (D. Knuth, The Art of Computer Programming 2, §4.2.2, theorem B).
    let back = exponent - b
    let lost = (b - (exponent - back)) - (k + back)
    return lost == 0 || !(lost.isFinite && a > 0 && power.isFinite) ? power : power * (1 + lost * Libm.log(a))
  }
  var kernel: Kernel { Kernel(.elementwise(.shiftedPower)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, b, k, y) = (node.inputs[0], node.inputs[1], node.inputs[2], node.output)
    return [
      node.needsGradient(0) ? downstream(upstream, downstream(b - k, shiftedPower(a, b, by: k + 1))) : nil,
      node.needsGradient(1) ? downstream(upstream, logarithmicSlope(a, y)) : nil,
      nil,
    ]
  }

}

/// aᵇ⁻ᵏ, elementwise.
func shiftedPower(_ a: Node, _ b: Node, by k: Node) -> Node { a.graph.apply(ShiftedPower(), to: [a, b, k]) }

/// y log a, the slope of a power y of a with respect to its exponent, and 0 where a is not above 0, as at a = 1: no NaN
/// is made there that somebody would look for.
func logarithmicSlope(_ a: Node, _ y: Node) -> Node {
  mutualProduct(y, log(select(greater(a, a.literal(0)), a, a.literal(1))))
}
