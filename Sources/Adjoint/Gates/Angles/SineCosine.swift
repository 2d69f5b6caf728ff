internal import Kernels

/// Sine: y = sin x.   x̄ = ȳ · cos x, and 0 where ȳ = 0.
package struct Sine: ElementwiseGate, SampledGate {
  package static let name = "sin"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.sin(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.sine)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [downstream(upstream, cos(node.inputs[0]))]
  }
  package static let samples = [GateSample(Sine(), .uniform([2, 3])), GateSample(Sine(), .uniform([]))]
}

/// Cosine: y = cos x.   x̄ = −ȳ · sin x, and 0 where ȳ = 0.
package struct Cosine: ElementwiseGate, SampledGate {
  package static let name = "cos"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { Libm.cos(x[0]) }
  package var kernel: Kernel { Kernel(.elementwise(.cosine)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [-downstream(upstream, sin(node.inputs[0]))]
  }
  package static let samples = [GateSample(Cosine(), .uniform([2, 3])), GateSample(Cosine(), .uniform([]))]
}

/// sin x, elementwise, x in radians.
public func sin(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Sine(), x, at: x.graph.pack(fileID, line))
}

/// cos x, elementwise, x in radians.
public func cos(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Cosine(), x, at: x.graph.pack(fileID, line))
}
