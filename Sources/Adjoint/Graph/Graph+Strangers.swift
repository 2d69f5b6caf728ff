/// Nodes of another graph where those of one are needed: errors of the graph like any other mistake in it.
extension Graph {
  /// A node in the place of a gate applied to nodes some of which belong to another graph. It is poisoned by what is
  /// wrong with one of this graph's operands, or else by the first stranger.
  func refused<G: Gate>(_ gate: G, strangersAmong inputs: [Node], at location: PackedLocation) -> Node {
    let own = inputs.filter { $0.graph === self }.map(\.id)
    let stranger = inputs.first { $0.graph !== self }!
    // Neither the gate nor the other graph is asked for anything while this graph is locked.
    let (number, reason) = (self.number(of: gate), Self.reason(stranger, readBy: G.name))
    return withState { state in
      let type = own.first.map { state.storage.signature(of: $0).elementType } ?? .float32
      let result = Signature(elementType: type, shape: .scalar)
      let node = state.apply(number, .success(result), to: own, at: location)
      state.markPoisoned(node, GraphError(.otherGraph, reason, at: node, operands: own, in: state))
      return Node(graph: self, id: node)
    }
  }

  /// `node` if it is this graph's; else a poisoned one in its place, of its shape and type.
  func own(_ node: Node, readBy reader: String, at location: PackedLocation) -> Node {
    if node.graph === self { return node }
    let (signature, reason) = (node.signature, Self.reason(node, readBy: reader))
    return withState { state in
      let stand = state.addSource(ScanPlaceholder(), signature.elementType, signature.shape, name: nil, at: location)
      state.markPoisoned(stand, GraphError(.otherGraph, reason, at: stand, operands: [], in: state))
      return Node(graph: self, id: stand)
    }
  }

  /// - Throws: a ``GraphError`` for the first of `nodes` that belongs to another graph.
  func checkOwn(_ nodes: [Node], readBy reader: String) throws(GraphError) {
    guard let stranger = nodes.first(where: { $0.graph !== self }) else { return }
    throw GraphError(
      .otherGraph, Self.reason(stranger, readBy: reader), at: stranger.id, operands: [], in: stranger.graph.snapshot())
  }

  private static func reason(_ stranger: Node, readBy reader: String) -> String {
    "\(reader) reads \(stranger.described), which belongs to another graph"
  }
}

extension Node {
  var signature: Signature { graph.withState { $0.storage.signature(of: id) } }

  /// One line for messages: `hidden [128, 512] float32, made at Model.swift:12`.
  var described: String { graph.withState { $0.describe(id) } }
}
