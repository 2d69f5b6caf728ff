internal import Kernels

/// Maximum: y = max(a, b).   Router: the larger operand gets ȳ, the other 0; a tie splits ȳ evenly.
package struct Maximum: ElementwiseGate, SampledGate {
  package static let name = "maximum"
  package static let symbol = "max"
  package init() {}
  package func value(_ x: ElementOperands) -> Double {
    if x[0].isNaN || x[1].isNaN { return .nan }
    return x[0] > x[1] || (x[0] == x[1] && x[0].sign == .plus) ? x[0] : x[1]  // +0 above -0, as in IEEE 754-2019
  }
  package var kernel: Kernel { Kernel(.elementwise(.maximum)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, b) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? route(upstream, where: a, exceeds: b) : nil,
      node.needsGradient(1) ? route(upstream, where: b, exceeds: a) : nil,
    ]
  }

  package static let samples = [
    GateSample(Maximum(), .values([4], [1, -2, 3, 0.5]), .values([4], [2, -3, 2.5, 0.75])),
    GateSample(Maximum(), .distinct([2, 3]), .values([1], [0.1])),
  ]
}

/// Minimum: y = min(a, b).   Router: the smaller operand gets ȳ, the other 0; a tie splits ȳ evenly.
package struct Minimum: ElementwiseGate, SampledGate {
  package static let name = "minimum"
  package static let symbol = "min"
  package init() {}
  package func value(_ x: ElementOperands) -> Double {
    if x[0].isNaN || x[1].isNaN { return .nan }
    return x[0] < x[1] || (x[0] == x[1] && x[0].sign == .minus) ? x[0] : x[1]  // -0 below +0, as in IEEE 754-2019
  }
  package var kernel: Kernel { Kernel(.elementwise(.minimum)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let (a, b) = (node.inputs[0], node.inputs[1])
    return [
      node.needsGradient(0) ? route(upstream, where: b, exceeds: a) : nil,
      node.needsGradient(1) ? route(upstream, where: a, exceeds: b) : nil,
    ]
  }

  package static let samples = [
    GateSample(Minimum(), .values([4], [1, -2, 3, 0.5]), .values([4], [2, -3, 2.5, 0.75])),
    GateSample(Minimum(), .distinct([2, 3]), .values([1], [0.1])),
  ]
}

/// Route: y = u where a > b, 0 where a < b, u / 2 where they tie. It selects rather than multiplies by a mask, so an
/// infinite u does not become NaN on the side that gets nothing.   Router: ū is routed the same way; a and b get none.
package struct Route: ElementwiseGate, SampledGate {
  package static let name = "route"
  package init() {}
  package func value(_ x: ElementOperands) -> Double { x[1] > x[2] ? x[0] : x[1] == x[2] ? x[0] * 0.5 : 0 }
  package var kernel: Kernel { Kernel(.elementwise(.route)) }

  package func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [route(upstream, where: node.inputs[1], exceeds: node.inputs[2]), nil, nil]
  }

  package static let samples = [
    GateSample(Route(), .uniform([2, 3]), .distinct([2, 3]), .values([1], [0.1])),
    GateSample(Route(), .uniform([3]), .distinct([2, 3]), .values([2, 1], [0.1, -0.1])),
  ]
}

func route(_ upstream: Node, where a: Node, exceeds b: Node) -> Node {
  upstream.graph.apply(Route(), to: [upstream, a, b])
}

/// The larger of two values, elementwise; NaN if either is. A tie splits the gradient evenly.
public func maximum(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  a.graph.apply(Maximum(), a, b, at: a.graph.pack(fileID, line))
}

/// The same with a number on the right, for every element.
public func maximum(
  _ a: Node, _ b: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  a.applying(Maximum(), before: b.asDouble, fileID, line)
}

/// The same with a number on the left, for every element.
public func maximum(
  _ a: some NumberOperand, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  b.applying(Maximum(), after: a.asDouble, fileID, line)
}

/// The smaller of two values, elementwise; NaN if either is. A tie splits the gradient evenly.
public func minimum(_ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  a.graph.apply(Minimum(), a, b, at: a.graph.pack(fileID, line))
}

/// The same with a number on the right, for every element.
public func minimum(
  _ a: Node, _ b: some NumberOperand, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  a.applying(Minimum(), before: b.asDouble, fileID, line)
}

/// The same with a number on the left, for every element.
public func minimum(
  _ a: some NumberOperand, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  b.applying(Minimum(), after: a.asDouble, fileID, line)
}
