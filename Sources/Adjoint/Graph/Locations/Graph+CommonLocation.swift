/// The one line of several nodes: what a function of this package writes in operators for its caller was made at the
/// caller's line, which messages should name.
extension Graph {
  /// Gives all nodes that this thread makes within `body` the location `fileID`, `line`; within another such call, its
  /// location.
  package func placing<R>(at fileID: StaticString, _ line: UInt, _ body: () throws -> R) rethrows -> R {
    try placing(at: pack(fileID, line), body)
  }

  /// Gives all nodes made within `body` the location of `node`.
  package func placing<R>(like node: Node, _ body: () throws -> R) rethrows -> R {
    check(node)
    return try placing(at: withState { $0.packedLocation(of: node.id) }, body)
  }

  /// Gives all nodes made within `body` that location.
  func placing<R>(at location: PackedLocation, _ body: () throws -> R) rethrows -> R {
    let outer = withState { state in
      defer { state.context.commonLocation = state.context.commonLocation ?? location }
      return state.context.commonLocation
    }
    defer { withState { $0.context.commonLocation = outer } }
    return try body()
  }
}
