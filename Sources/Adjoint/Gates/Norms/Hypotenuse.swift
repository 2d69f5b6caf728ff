internal import Kernels

/// Hypotenuse: y = √(a² + b²), right wherever y is a number, since no square is formed of a or b.   ā = ȳ · a / y and
/// b̄ = ȳ · b / y, and 0 at the origin.
///
/// The optimizers' own: they keep roots of mean squares.
struct Hypotenuse: ElementwiseGate, SampledGate {
  static let name = "hypotenuse"
  func value(_ x: ElementOperands) -> Double {
    let (longer, shorter) = (max(abs(x[0]), abs(x[1])), min(abs(x[0]), abs(x[1])))
    if x[0].isNaN || x[1].isNaN { return .nan }
    if shorter == 0 || shorter == .infinity { return longer }
    return longer * (1 + (shorter / longer) * (shorter / longer)).squareRoot()
  }
  var kernel: Kernel { Kernel(.elementwise(.hypotenuse)) }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    (0..<2).map { position in
      guard node.needsGradient(position) else { return nil }
      return downstream(upstream, quotient(node.inputs[position], node.output))
    }
  }

  static let samples = [
    GateSample(Hypotenuse(), .uniform([2, 3]), .uniform([3])),
    GateSample(Hypotenuse(), .values([3], [1e-30, 3, 0]), .values([3], [1e-30, -4, 2])),
  ]
}

/// √(a² + b²), elementwise, without a square that is too large or too small to be held.
package func hypotenuse(
  _ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  a.graph.apply(Hypotenuse(), to: [a, b], fileID: fileID, line: line)
}
