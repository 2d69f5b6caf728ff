internal import Kernels

/// Rectifier: y = max(x, 0).   Router: x̄ = ȳ where x > 0, 0 where x < 0, and ȳ / 2 at the tie x = 0,
/// by the rule of every maximum here: a tie splits the gradient evenly.
package struct Relu: ElementwiseGate, SampledGate {
  package static let name = "relu"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0].isNaN ? x[0] : max(x[0], 0) }
  package var kernel: Kernel { Kernel(.elementwise(.relu)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [route(upstream, where: node.inputs[0], exceeds: node.inputs[0].literal(0))]
  }

  package static let samples = [
    GateSample(Relu(), .distinct([2, 3])),
    GateSample(Relu(), .uniform([])),
  ]
}

/// max(x, 0), elementwise. At 0 the gradient is half of the upstream one.
public func relu(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Relu(), x, at: x.graph.pack(fileID, line))
}
