extension Node {
  /// A constant of this node's element type in the same graph.
  func literal(_ value: Double, at location: PackedLocation = .unknown) -> Node {
    graph.withState { state in
      let type = state.storage.signature(of: id).elementType
      return Node(graph: graph, id: state.literal(value, type, at: location))
    }
  }
}

extension PackedLocation {
  @inline(__always)
  static func operatorCall(_ address: UnsafeMutableRawPointer?) -> PackedLocation {
    PackedLocation(returnAddress: UInt(bitPattern: address))
  }
}
