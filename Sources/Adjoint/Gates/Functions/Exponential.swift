internal import Kernels

/// Exponential: y = eˣ.   x̄ = ȳ · y, and 0 where ȳ = 0.
package struct Exponential: ElementwiseGate, SampledGate {
  package static let name = "exp"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.exp(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.exponential)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, node.output)]
  }

  package static let samples = [
    GateSample(Exponential(), .uniform([2, 3])),
    GateSample(Exponential(), .uniform([])),
  ]
}

/// eˣ, elementwise.
public func exp(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Exponential(), x, at: x.graph.pack(fileID, line))
}

extension Exponential: StatedAccuracy {
  /// The slope is eˣ, a number of its own: once that has overflowed, no small upstream gradient brings it back.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound {
    AccuracyBound(overflowsOnTheWay: true)
  }
}
