/// A value that the user reaches: where it lives and what it is.
struct Endpoint: Sendable {
  enum Role: Sendable { case input, parameter, output, gradient }
  let place: Placement.Place
  let signature: Signature
  let role: Role
  /// The node of the user's graph that it belongs to.
  let node: NodeID
}

/// The doors of a program, by the nodes of the user's graph.
struct Endpoints: Sendable {
  /// Every input and parameter that the program reads, and its outputs.
  private(set) var values: [NodeID: Endpoint] = [:]
  private(set) var gradients: [NodeID: Endpoint] = [:]
  /// The upstream gradient of each output, where the program reads it.
  private(set) var upstreams: [NodeID: Endpoint] = [:]
  private(set) var inputs: [Endpoint] = []
  private(set) var parameters: [Endpoint] = []
  let outputs: [NodeID]
  let hasGradients: Bool

  init(
    _ graph: IntermediateGraph, _ placed: borrowing Column<PlacedValue>, outputs: [NodeID], variables: [NodeID],
    upstreams: [NodeID]
  ) {
    self.outputs = outputs
    hasGradients = !variables.isEmpty
    func endpoint(_ node: NodeID, _ role: Endpoint.Role, of original: NodeID) -> Endpoint {
      Endpoint(
        place: placed[node.int].place, signature: graph.storage.signature(of: node), role: role, node: original)
    }
    for (output, root) in zip(outputs, graph.roots) { values[output] = endpoint(root, .output, of: output) }
    for (variable, root) in zip(variables, graph.roots.dropFirst(outputs.count)) {
      gradients[variable] = endpoint(root, .gradient, of: variable)
    }
    var upstreamOf: [NodeID: NodeID] = [:]
    for (upstream, output) in zip(upstreams, outputs) { upstreamOf[upstream] = output }
    for index in 0..<graph.storage.count where graph.storage.rows[index].inputCount == 0 {
      let node = NodeID(index)
      switch graph.storage.brief(of: node).source {
      case .input:
        let origin = graph.origins[index]
        if let output = upstreamOf[origin] {
          self.upstreams[output] = endpoint(node, .input, of: output)
        } else {
          values[origin] = endpoint(node, .input, of: origin)
          inputs.append(values[origin]!)
        }
      case .parameter:
        values[graph.origins[index]] = endpoint(node, .parameter, of: graph.origins[index])
        parameters.append(values[graph.origins[index]]!)
      default: break
      }
    }
  }

  /// How many values and gradients are reached at a place.
  func count(at place: Placement.Place) -> Int {
    values.values.count { $0.place == place } + gradients.values.count { $0.place == place }
  }
}
