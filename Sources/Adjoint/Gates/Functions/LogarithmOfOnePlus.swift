internal import Kernels

/// Logarithm of one plus: y = log(1 + x), of as many right digits near 0 as elsewhere.   x̄ = ȳ / (1 + x), and 0 where
/// ȳ = 0. At −1 it is −∞, below NaN.
package struct LogarithmOfOnePlus: ElementwiseGate, SampledGate {
  package static let name = "log1p"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.log1p(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.logarithmOfOnePlus)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [quotient(upstream, 1 + node.inputs[0])]
  }

  package static let samples = [
    GateSample(LogarithmOfOnePlus(), .uniform([2, 3], in: -0.5...2)),
    GateSample(LogarithmOfOnePlus(), .uniform([], in: -0.5...2)),
  ]
}

/// log(1 + x), elementwise, without the cancellation of writing it so.
public func log1p(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(LogarithmOfOnePlus(), x, at: x.graph.pack(fileID, line))
}
