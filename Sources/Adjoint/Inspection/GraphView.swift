/// A graph as it was at one moment, for what draws it: gates, operands, names and scopes of its nodes, by number.
///
/// It shares the graph's memory, and nodes that the graph gains later are not in it. Any thread may ask it.
///
/// - Complexity: O(1) to make and to ask, but for what says otherwise.
package struct GraphView: Sendable {
  private let state: GraphState

  package init(_ graph: Graph) { state = graph.snapshot() }

  package var nodeCount: Int { state.storage.count }

  /// Which nodes `nodes` are computed from, themselves included.
  ///
  /// - Complexity: O(nodes + edges).
  package func nodes(behind nodes: [Node]) -> [Bool] {
    DropUnused.usedNodes(of: state.storage, roots: nodes.map(\.id))
  }

  // MARK: what a node is

  package func signature(of node: NodeID) -> Signature { state.storage.signature(of: node) }
  package func gate(of node: NodeID) -> any Gate { state.storage.gate(of: node) }
  package func gateName(of node: NodeID) -> String { state.storage.traits(of: node).name }
  /// The operands in the gate's order.
  package func inputs(of node: NodeID) -> [NodeID] { Array(state.storage.inputs(of: node)) }

  /// Whether no gate computes it: an input, a parameter or a constant.
  package func isSource(_ node: NodeID) -> Bool { state.storage.brief(of: node).source != nil }
  package func isParameter(_ node: NodeID) -> Bool { state.storage.brief(of: node).source == .parameter }
  package func isConstant(_ node: NodeID) -> Bool { state.storage.isConstant(node) }
  /// Whether it belongs to a gradient or tangent.
  package func isDerivative(_ node: NodeID) -> Bool { state.forwardNode(of: node) != nil }

  /// The elements of a constant.
  ///
  /// - Complexity: O(elements).
  package func constantElements(of node: NodeID) -> [Double]? {
    guard isConstant(node), let values = state.storage.constants[node] else { return nil }
    return values.doubles(count: signature(of: node).shape.elementCount)
  }

  // MARK: names and scopes

  /// Its given name, under its scopes, or its gate's name with its number.
  package func name(of node: NodeID) -> String { state.name(of: node) }
  /// The name that it was given, under its scopes.
  package func givenName(of node: NodeID) -> String? { state.names[node] }
  /// The number of the scope that it lies in.
  package func scope(of node: NodeID) -> UInt32 { state.scope(of: node) }
  package func path(ofScope scope: UInt32) -> String { state.scopePaths[Int(scope)] }
}

extension Graph {
  /// The node of a number.
  package func node(_ id: NodeID) -> Node { Node(graph: self, id: id) }
}

extension Program {
  /// Whether it reads an input or parameter.
  package func reads(_ source: Node) -> Bool { endpoints.sources[source.id] != nil }
  /// Whether its backward pass reads the upstream gradient of an output.
  package func readsUpstream(of output: Node) -> Bool { endpoints.upstreams.contains { $0?.node == output.id } }
}
