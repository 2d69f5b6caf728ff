/// One row of a graph, for what walks it without running it: the reference engine, drawings.
package struct NodeRecord: Sendable {
  package enum Source: Sendable {
    case input
    case parameter(Initializer)
    case constant(TensorValues)
    case computed
  }
  package let node: Node
  package let gate: any Gate
  package let source: Source
  package let inputs: [Node]
  package let shape: Shape
  package let elementType: ElementType
  /// Why the node cannot be computed, if it is poisoned.
  package let poison: GraphError?
}

extension Graph {
  /// Calls `body` with each node as the graph is now, inputs before what reads them.
  ///
  /// - Complexity: O(nodes + edges).
  package func forEachNode(_ body: (NodeRecord) throws -> Void) rethrows {
    let state = snapshot()
    for index in 0..<state.storage.count { try body(state.record(of: NodeID(index), in: self)) }
  }

  /// The node of this graph under the index that `node` has in the graph this one is a copy of.
  package func counterpart(of node: Node) -> Node { Node(graph: self, id: node.id) }
}

extension GraphState {
  fileprivate func record(of id: NodeID, in graph: Graph) -> NodeRecord {
    let signature = storage.signature(of: id)
    let source: NodeRecord.Source =
      switch storage.traits(of: id).source {
      case .input: .input
      case .parameter: .parameter(storage.initializers[id] ?? .zeros)
      case .constant: .constant(storage.constants[id] ?? .repeated(0))
      case nil: .computed
      }
    return NodeRecord(
      node: Node(graph: graph, id: id), gate: storage.gate(of: id), source: source,
      inputs: storage.inputs(of: id).map { Node(graph: graph, id: $0) }, shape: signature.shape,
      elementType: signature.elementType, poison: poison[id])
  }
}
