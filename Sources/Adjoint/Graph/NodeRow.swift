internal import DependencyScheduling

/// A node in 16 bytes: its gate, its signature, and its inputs if they are at most two, as most nodes' are. Otherwise it
/// says where in a column of inputs they stand.
struct NodeRow: Hashable, Sendable, BitwiseCopyable {
  let gate: GateID
  let signature: SignatureID
  private let first: UInt32
  private let second: UInt32

  private static let none = UInt32.max
  private static let longBit: UInt32 = 1 << 31
  /// Above this no index fits beside the bit.
  static let mostNodes = 1 << 30  // Decisions/Limits.md

  init(_ gate: GateID, _ signature: SignatureID, _ first: NodeID?, _ second: NodeID?) {
    self.gate = gate
    self.signature = signature
    self.first = first?.index ?? Self.none
    self.second = second?.index ?? Self.none
  }

  init(_ gate: GateID, _ signature: SignatureID, longInputs start: Int, count: Int) {
    demand(start < Self.longBit - 1, "The nodes of a graph hold at most 2^31 inputs")
    self.gate = gate
    self.signature = signature
    first = UInt32(start) | Self.longBit
    second = UInt32(count)
  }

  /// Whether there are more than two inputs.
  var isLong: Bool { first & Self.longBit != 0 && first != Self.none }
  /// Where they stand in the column of inputs.
  var longStart: Int { Int(first & ~Self.longBit) }

  var inputCount: Int {
    if isLong { return Int(second) }
    return first == Self.none ? 0 : second == Self.none ? 1 : 2
  }

  /// One of at most two inputs.
  @inline(__always)
  func input(_ position: Int) -> NodeID {
    assert(!isLong && position < inputCount, "a node has no input \(position)")
    return NodeID(index: position == 0 ? first : second)
  }
}

extension NodeRow: CustomStringConvertible {
  /// `gate 3 of node 0, node 1: signature 5`, or how many inputs there are where more than two stand in a column.
  var description: String {
    let inputs = isLong ? "\(inputCount) nodes" : (0..<inputCount).map { "\(input($0))" }.joined(separator: ", ")
    return "\(gate)" + (inputs.isEmpty ? "" : " of \(inputs)") + ": \(signature)"
  }
}
