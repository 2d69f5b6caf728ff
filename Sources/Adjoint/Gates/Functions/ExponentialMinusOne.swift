internal import Kernels

/// Exponential minus one: y = eˣ − 1, of as many right digits near 0 as elsewhere.   x̄ = ȳ · eˣ, from the
/// input, since y has rounded to −1 where eˣ has not rounded to 0; and 0 where ȳ = 0.
package struct ExponentialMinusOne: ElementwiseGate, SampledGate {
  package static let name = "expm1"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.expm1(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.exponentialMinusOne)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, exp(node.inputs[0]))]
  }

  package static let samples = [
    GateSample(ExponentialMinusOne(), .uniform([2, 3])),
    GateSample(ExponentialMinusOne(), .uniform([])),
  ]
}

/// eˣ − 1, elementwise, without the cancellation of writing it so.
public func expm1(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(ExponentialMinusOne(), x, at: x.graph.pack(fileID, line))
}

extension ExponentialMinusOne: StatedAccuracy {
  /// The slope is eˣ, a number of its own: once that has overflowed, no small upstream gradient brings it back.
  package static func accuracyBound(at x: [Double], order: Int) -> AccuracyBound {
    AccuracyBound(overflowsOnTheWay: true)
  }
}
