internal import Kernels

/// Select (where): y = a where c ≠ 0, else b.   Router: each side gets ȳ where it was taken and an exact 0 elsewhere,
/// selected and not multiplied, so that a NaN or ∞ of the branch not taken never reaches a gradient.
public struct Select: ElementwiseGate {
  public static let name = "select"
  public init() {}
  public func value(_ x: [Double]) -> Double { x[0] != 0 ? x[1] : x[2] }
  public var kernel: Kernel { Kernel(.elementwise(.select)) }

  public func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let condition = node.inputs[0]
    let zero = upstream.literal(0)
    return [
      nil,
      node.needsGradient(1) ? select(condition, upstream, zero) : nil,
      node.needsGradient(2) ? select(condition, zero, upstream) : nil,
    ]
  }

  public func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let condition = node.inputs[0]
    guard tangents[1] != nil || tangents[2] != nil else { return nil }
    return select(condition, tangents[1] ?? node.output.literal(0), tangents[2] ?? node.output.literal(0))
  }

  public static let samples = [
    GateSample(Select(), .values([4], [1, 0, 0, 2]), .uniform([4]), .uniform([4])),
    GateSample(Select(), .values([2, 1], [1, 0]), .uniform([2, 3]), .uniform([3])),
  ]
}

/// `a` where `condition` is not 0, else `b`, elementwise. No gradient flows into the condition.
public func select(
  _ condition: Node, _ a: Node, _ b: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  condition.graph.apply(Select(), to: [condition, a, b], fileID: fileID, line: line)
}
