public import Adjoint

/// A graph of scalar gates with one input and one output, in which every gate counts: none is unread, so none is
/// dropped in compiling.
public struct ScalarGraph {
  public enum Kind: String, CaseIterable, Sendable {
    /// One path: value ← sigmoid(value · c + x) · c.
    case chain
    /// Add, multiply, sin, exp and sigmoid of recent values, many of them read several times.
    case random
  }

  public let input: Node
  public let output: Node
  /// How many gates there are: what was asked for, or one more.
  public let gateCount: Int

  /// - Complexity: O(gates).
  public init(_ kind: Kind, gates: Int) {
    precondition(gates > 0, "A graph has at least one gate")
    input = Graph().input("x")
    switch kind {
    case .chain: (output, gateCount) = Self.chain(from: input, gates)
    case .random:
      var growth = RandomGrowth(from: input)
      while growth.gateCountWhenEnded < gates { growth.addGate() }
      (output, gateCount) = growth.ended()
    }
  }

  private static func chain(from x: Node, _ gates: Int) -> (Node, Int) {
    let c = x.graph.constant(0.5)
    var value = x
    for _ in 0..<gates / 4 { value = sigmoid(value * c + x) * c }
    for _ in 0..<gates % 4 { value = value * c }
    return (value, gates)
  }
}
