internal import Kernels

/// Square root: y = √x.   x̄ = ȳ / 2y, and 0 where ȳ = 0. Below 0 it is NaN; at 0 the slope is infinite.
package struct SquareRoot: ElementwiseGate, SampledGate {
  package static let name = "sqrt"
  package static let symbol = "√"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0].squareRoot() }
  package var kernel: Kernel { Kernel(.elementwise(.squareRoot)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [quotient(upstream, node.output * 2)]
  }

  package static let samples = [
    GateSample(SquareRoot(), .uniform([2, 3], in: 0.5...2)),
    GateSample(SquareRoot(), .uniform([], in: 0.5...2)),
  ]
}

/// √x, elementwise.
public func sqrt(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(SquareRoot(), x, at: x.graph.pack(fileID, line))
}
