/// Inputs and parameters of the graph that a program does not read: the gradient of a linear function needs none of its
/// inputs, and one function feeds all programs of a graph all the same.
///
/// What such an input is fed is checked, for its count and its type, and goes nowhere. A parameter has its value in the
/// store, where other programs read it.
extension Program {
  /// Where what is written to a source of the graph goes that the program does not read; `nil` for any other node.
  ///
  /// - Throws: what is wrong with the source itself, such as an impossible shape.
  func unreadSource(_ node: Node) throws(GraphError) -> Endpoint? {
    guard node.graph === graph, endpoints.sources[node.id] == nil else { return nil }
    let (gate, signature, poison) = graph.withState {
      ($0.storage.gate(of: node.id), $0.storage.signature(of: node.id), $0.poison[node.id])
    }
    let role: Endpoint.Role
    switch gate {
    case is Input: role = .unread
    // The program knows the names and first values of those that there were when it was compiled.
    case is Parameter where node.id.int < names.storage.count: role = .parameter
    default: return nil
    }
    if let poison { throw poison }
    return Endpoint(place: .none, signature: signature, role: role, node: node.id)
  }

  /// The line of an error message that names a node of the user's graph.
  func describe(user node: NodeID) -> String {
    node.int < names.storage.count ? names.describe(node) : Node(graph: graph, id: node).described
  }

  /// Why a node has no value in the program.
  func refusal(of node: Node) -> SessionError {
    let name = "\(node.name), made at \(node.location),"
    if node.graph !== graph {
      return .notInProgram("\(name) belongs to another graph than the one that the program was compiled from")
    }
    if graph.withState({ $0.storage.gate(of: node.id) }) is Input {
      return .notInProgram("\(name) is an input that the program does not read: what it is fed is not kept")
    }
    return .notInProgram(
      "\(name) is no input, parameter or output of the program: to read it, name it in alsoComputing")
  }
}

extension Session {
  /// Whether an input is not read by the program. What it is fed is ignored then; a session in use says so all the
  /// same.
  func ignores(_ endpoint: Endpoint) throws -> Bool {
    guard endpoint.role == .unread else { return false }
    try claimAlone()
    release()
    return true
  }

  /// Calls `body` with memory for what a program does not read, all zeros.
  func withIgnoredElements<T: GraphScalar, R>(
    _ endpoint: Endpoint, _: T.Type, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
  ) throws -> R {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: endpoint.signature.byteCount, alignment: 64)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    return try body(bytes.assumingMemoryBound(to: T.self))
  }
}
