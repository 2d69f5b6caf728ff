extension Node {
  /// A constant of this node's element type in the same graph.
  func literal(_ value: Double, at location: PackedLocation = .unknown) -> Node {
    graph.withState { state in
      let type = state.storage.signature(of: id).elementType
      return Node(graph: graph, id: state.literal(value, type, at: location))
    }
  }
}

extension Node {
  /// The result of a gate of two operands on this node and, after it, a number.
  func applying(_ gate: some Gate, before right: Double, at location: PackedLocation) -> Node {
    graph.apply(gate, self, literal(right, at: location), at: location)
  }

  /// The result of a gate of two operands on a number and, after it, this node.
  func applying(_ gate: some Gate, after left: Double, at location: PackedLocation) -> Node {
    graph.apply(gate, literal(left, at: location), self, at: location)
  }

  func applying(_ gate: some Gate, before right: Double, _ fileID: StaticString, _ line: UInt) -> Node {
    applying(gate, before: right, at: graph.pack(fileID, line))
  }

  func applying(_ gate: some Gate, after left: Double, _ fileID: StaticString, _ line: UInt) -> Node {
    applying(gate, after: left, at: graph.pack(fileID, line))
  }
}

extension PackedLocation {
  @inline(__always)
  static func operatorCall(_ address: UnsafeMutableRawPointer?) -> PackedLocation {
    PackedLocation(returnAddress: UInt(bitPattern: address))
  }
}
