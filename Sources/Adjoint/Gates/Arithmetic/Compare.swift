internal import Kernels

/// Greater: y = 1 where a > b, else 0 (also where either is NaN).   A step: no gradient.
package struct Greater: ElementwiseGate, SampledGate {
  package static let name = "greater"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] > x[1] ? 1 : 0 }
  package var kernel: Kernel { Kernel(.elementwise(.greater)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
  package static let samples = [GateSample(Greater(), .distinct([2, 3]), .values([1], [0.1]))]
}

/// Equal: y = 1 where a = b, else 0.   A step: no gradient.
package struct Equal: ElementwiseGate, SampledGate {
  package static let name = "equal"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[0] == x[1] ? 1 : 0 }
  package var kernel: Kernel { Kernel(.elementwise(.equal)) }
  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
  package static let samples = [GateSample(Equal(), .distinct([2, 3]), .values([1], [0.1]))]
}

/// 1 where a > b, else 0: a condition for ``select(_:_:_:fileID:line:)-(_,Node,Node,_,_)``.
public func greater(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  a.graph.apply(Greater(), a, b, at: a.graph.pack(fileID, line))
}

/// The same with a number on the right, for every element.
public func greater(
  _ a: Node, _ b: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  a.applying(Greater(), before: b.asDouble, fileID, line)
}

/// The same with a number on the left, for every element.
public func greater(
  _ a: some NumberOperand, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  b.applying(Greater(), after: a.asDouble, fileID, line)
}

/// 1 where a = b, else 0: a condition for ``select(_:_:_:fileID:line:)-(_,Node,Node,_,_)``.
public func equal(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  a.graph.apply(Equal(), a, b, at: a.graph.pack(fileID, line))
}

/// The same with a number on the right, for every element.
public func equal(
  _ a: Node, _ b: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  a.applying(Equal(), before: b.asDouble, fileID, line)
}

/// The same with a number on the left, for every element.
public func equal(
  _ a: some NumberOperand, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  b.applying(Equal(), after: a.asDouble, fileID, line)
}
