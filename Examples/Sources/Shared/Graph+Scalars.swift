public import Adjoint

extension Graph {
  /// An input of one number, as float64.
  public func scalar(_ name: String) -> Node { input(name, [], .float64) }
}

extension Node {
  /// A session that has computed this node from these numbers, and every value and gradient on the way to it.
  public func session(at values: [Node: Double]) throws -> Session {
    let nodes = ancestors.filter { $0.gateName != "constant" }
    let session = try Program(self, gradientsFor: nodes, alsoComputing: nodes).makeSession()
    for (node, value) in values { try session.write(value, to: node) }
    try session.step()
    return session
  }

  /// This node and all that it is computed from.
  private var ancestors: [Node] {
    var found: [Node] = []
    var seen: Set<Node> = []
    var open = [self]
    while let node = open.popLast() {
      guard seen.insert(node).inserted else { continue }
      found.append(node)
      open += node.inputs
    }
    return found
  }
}
