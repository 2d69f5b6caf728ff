/// A value that the user reaches: where it lives and what it is.
struct Endpoint: Sendable {
  enum Role: Sendable {
    case input, parameter, output, gradient
    /// An input of the graph that the program does not read; it has no place.
    case unread
  }
  let place: Placement.Place
  let signature: Signature
  let role: Role
  /// The node of the user's graph that it belongs to.
  let node: NodeID
}

/// The doors of a program, by the nodes of the user's graph.
struct Endpoints: Sendable {
  /// Every input and parameter that the program reads.
  private(set) var sources: [NodeID: Endpoint] = [:]
  /// What it computes in the forward pass.
  private(set) var results: [NodeID: Endpoint] = [:]
  private(set) var gradients: [NodeID: Endpoint] = [:]
  /// For each output that is differentiated its upstream gradient, `nil` where the program does not read it. An output
  /// that is named twice has two.
  private(set) var upstreams: [Endpoint?]
  /// The largest magnitude of each guarded value, with the value's node: not finite if any element of it is not.
  private(set) var guards: [Endpoint] = []
  private(set) var inputs: [Endpoint] = []
  private(set) var parameters: [Endpoint] = []
  /// The differentiated outputs, then the others.
  let outputs: [NodeID]
  let hasGradients: Bool

  init(
    _ graph: IntermediateGraph, _ placed: borrowing Column<PlacedValue>, outputs: [NodeID], variables: [NodeID],
    guarded: [NodeID] = [], upstreams: [NodeID]
  ) {
    self.outputs = outputs
    hasGradients = !variables.isEmpty
    func endpoint(_ node: NodeID, _ role: Endpoint.Role, of original: NodeID) -> Endpoint {
      Endpoint(
        place: placed[node.int].place, signature: graph.storage.signature(of: node), role: role, node: original)
    }
    for (output, root) in zip(outputs, graph.roots.results) { results[output] = endpoint(root, .output, of: output) }
    for (variable, root) in zip(variables, graph.roots.gradients) {
      gradients[variable] = endpoint(root, .gradient, of: variable)
    }
    for (value, root) in zip(guarded, graph.roots.gradients.dropFirst(variables.count)) {
      guards.append(endpoint(root, .gradient, of: value))
    }
    self.upstreams = upstreams.map { _ in nil }
    var positionOf: [NodeID: Int] = [:]
    for (position, upstream) in upstreams.enumerated() { positionOf[upstream] = position }
    for index in 0..<graph.storage.count where graph.storage.rows[index].inputCount == 0 {
      let (node, origin) = (NodeID(index), graph.origins[index])
      switch graph.storage.brief(of: node).source {
      case .input:
        if let position = positionOf[origin] {
          self.upstreams[position] = endpoint(node, .input, of: outputs[position])
        } else {
          inputs.append(endpoint(node, .input, of: origin))
          sources[origin] = inputs.last
        }
      case .parameter:
        parameters.append(endpoint(node, .parameter, of: origin))
        sources[origin] = parameters.last
      default: break
      }
    }
  }

  /// What is reached by a node. A node that is both an input and an output is reached on the `side` asked for; a
  /// parameter is always itself.
  func endpoint(of node: NodeID, _ side: Session.Side) -> Endpoint? {
    guard let source = sources[node], let result = results[node] else { return sources[node] ?? results[node] }
    return side == .source || source.role == .parameter ? source : result
  }

  /// All nodes that have a value or a gradient to be read.
  var nodes: Set<NodeID> { Set(sources.keys).union(results.keys).union(gradients.keys) }

  /// How many results and gradients are reached at a place.
  func count(at place: Placement.Place) -> Int {
    results.values.count { $0.place == place } + gradients.values.count { $0.place == place }
  }
}
