internal import Kernels

/// Error function: y = erf x = (2/√π) ∫₀ˣ e^−t² dt.   x̄ = ȳ · (2/√π) e^−x², where e^−x² is
/// the square of the `Bell`, whose exponent has not rounded; and 0 where either factor is 0.
package struct ErrorFunction: ElementwiseGate, SampledGate {
  package static let name = "erf"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.erf(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.errorFunction)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let slope = square(bell(node.inputs[0])) * (2 / Double.pi.squareRoot())
    return [mutualProduct(upstream, slope)]
  }

  package static let samples = [
    GateSample(ErrorFunction(), .uniform([2, 3])),
    GateSample(ErrorFunction(), .uniform([])),
  ]
}

/// erf x, elementwise: the probability that a normal variable of variance 1/2 lies within ±x, with the sign of x.
public func erf(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(ErrorFunction(), x, at: x.graph.pack(fileID, line))
}
