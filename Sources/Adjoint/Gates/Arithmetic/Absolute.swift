internal import Kernels

/// Absolute value: y = |x|.   x̄ = ȳ · sign x: at the tie x = 0 the two slopes ±1 share evenly, which gives 0.
package struct Absolute: ElementwiseGate, SampledGate {
  package static let name = "abs"
  package static let symbol = "|x|"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0].magnitude }
  package var kernel: Kernel { Kernel(.elementwise(.absolute)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, sign(node.inputs[0]))]
  }
  package static let samples = [GateSample(Absolute(), .distinct([2, 3]))]
}

/// Sign: y = −1, 0 or 1.   Constant almost everywhere: no gradient.
package struct Sign: ElementwiseGate, SampledGate {
  package static let name = "sign"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] > 0 ? 1 : x[0] < 0 ? -1 : x[0] }
  package var kernel: Kernel { Kernel(.elementwise(.sign)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  package static let samples = [GateSample(Sign(), .distinct([2, 3]))]
}

/// |x|, elementwise. At 0 the gradient is 0.
public func abs(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Absolute(), x, at: x.graph.pack(fileID, line))
}

/// −1, 0 or 1 as x is negative, zero or positive; no gradient flows through it.
public func sign(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Sign(), x, at: x.graph.pack(fileID, line))
}
