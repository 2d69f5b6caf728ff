/// One application of a gate in a small graph of its own: an input in place of each operand, then the result, then what
/// a rule of the gate adds.
struct SampleApplication {
  let graph = Graph()
  let operands: [NodeID]
  let result: NodeID
  /// For each operand whether it takes part in differentiation.
  let isActive: [Bool]
  /// Asks the gate's rules.
  let walk: Differentiation

  /// `isForward` says that a pushforward is asked for.
  init(of node: NodeID, in forward: GraphStorage, isForward: Bool, isActive: (Int) -> Bool) {
    let inputs = forward.inputs(of: node)
    let graph = graph
    graph.withState { $0.context.isForwardMode = isForward }
    let operands = inputs.map { graph.source(forward.signature(of: $0)) }
    self.operands = operands
    self.isActive = operands.indices.map(isActive)
    result = graph.apply(forward.gate(of: node), to: operands, at: .unknown)
    let variables = zip(operands, self.isActive).filter { $1 }.map(\.0)
    let storage = graph.snapshot().storage
    walk = Differentiation(graph, storage, variables: variables, in: NodeRegion(all: storage))
  }

  /// One more input, of the signature of a node of `forward`: an upstream gradient or a tangent.
  func source(like node: NodeID, in forward: GraphStorage) -> NodeID { graph.source(forward.signature(of: node)) }
}

extension Graph {
  fileprivate func source(_ signature: Signature) -> NodeID {
    withState { $0.addSource(Input(), signature.elementType, signature.shape, name: nil, at: .unknown) }
  }
}

extension Graph {
  /// Adds what `node` is in another graph: its gate applied to `operands`, or a source of its values.
  func repeating(_ node: NodeID, of other: GraphState, on operands: [Node]) -> Node {
    let signature = other.storage.signature(of: node)
    let (type, shape, name) = (signature.elementType, signature.shape, other.names[node])
    switch other.storage.traits(of: node).source {
    case nil:
      func apply(_ gate: some Gate) -> Node { self.apply(gate, to: operands) }
      return apply(other.storage.gate(of: node))
    case .constant:
      let values = other.storage.constants[node]!
      return withState { state in
        guard other.isLiteral(node), case .repeated(let value) = values else {
          return Node(graph: self, id: state.addConstant(values, type, shape, at: .unknown))
        }
        return Node(graph: self, id: state.literal(value, type, at: .unknown))
      }
    case .parameter:
      let initializer = other.storage.initializers[node]!
      return withState { state in
        Node(graph: self, id: state.addParameter(name ?? "", type, shape, initializer, at: .unknown))
      }
    case .input:
      return withState { Node(graph: self, id: $0.addSource(Input(), type, shape, name: name, at: .unknown)) }
    }
  }
}

extension GraphStorage {
  /// The nodes from number `first` on that any of `results` is computed from, ascending.
  ///
  /// - Complexity: O(nodes from `first` on, and their edges).
  func nodes(from first: Int, leadingTo results: [NodeID?]) -> [NodeID] {
    var leads = [Bool](repeating: false, count: count - first)
    for case let result? in results where result.int >= first { leads[result.int - first] = true }
    for place in leads.indices.reversed() where leads[place] {
      forEachInput(of: NodeID(first + place)) { if $0.int >= first { leads[$0.int - first] = true } }
    }
    return leads.indices.filter { leads[$0] }.map { NodeID(first + $0) }
  }
}
