internal import Kernels

/// Floor: y = ⌊x⌋, the greatest whole number that is not above x.   A step: no gradient.
package struct Floor: ElementwiseGate, SampledGate {
  package static let name = "floor"
  package static let symbol = "⌊x⌋"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0].rounded(.down) }
  package var kernel: Kernel { Kernel(.elementwise(.floor)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  package static let samples = [GateSample(Floor(), .distinct([2, 3]))]
}

/// Ceiling: y = ⌈x⌉, the least whole number that is not below x.   A step: no gradient.
package struct Ceiling: ElementwiseGate, SampledGate {
  package static let name = "ceil"
  package static let symbol = "⌈x⌉"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0].rounded(.up) }
  package var kernel: Kernel { Kernel(.elementwise(.ceiling)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  package static let samples = [GateSample(Ceiling(), .distinct([2, 3]))]
}

/// Round: y is the whole number next to x, the even one of two.   A step: no gradient.
package struct Round: ElementwiseGate, SampledGate {
  package static let name = "round"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0].rounded(.toNearestOrEven) }
  package var kernel: Kernel { Kernel(.elementwise(.round)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
  package static let samples = [GateSample(Round(), .distinct([2, 3]))]
}

/// The greatest whole number that is not above x, elementwise; no gradient flows through it.
public func floor(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Floor(), x, at: x.graph.pack(fileID, line))
}

/// The least whole number that is not below x, elementwise; no gradient flows through it.
public func ceil(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Ceiling(), x, at: x.graph.pack(fileID, line))
}

/// The whole number next to x, elementwise; of two as near the even one, as in NumPy and PyTorch: 2.5 becomes 2. C's
/// `round` makes it 3. No gradient flows through it.
public func round(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  x.graph.apply(Round(), x, at: x.graph.pack(fileID, line))
}
