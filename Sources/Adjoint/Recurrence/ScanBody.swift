internal import DependencyScheduling

/// One step of a recurrence as a graph of its own: what a ``Scan`` repeats.
///
/// Its sources are the state before the step, the elements of the sequences that belong to it, and the values that are
/// the same in every step, in this order, which is that of the gate's operands. A body is compared by identity: two
/// scans are one only if they were made as one.
final class ScanBody: Sendable {
  let graph: GraphState
  let state: [NodeID], elements: [NodeID], invariants: [NodeID]
  /// The state after the step, one for each of ``state``.
  let next: [NodeID]
  let stepCount: Int
  /// Whether steps go from the last elements of the sequences to the first.
  let isReversed: Bool

  init(
    _ graph: GraphState, state: [NodeID], elements: [NodeID], invariants: [NodeID], next: [NodeID], stepCount: Int,
    isReversed: Bool
  ) {
    demand(state.count == next.count, "A scan has a next value for each part of its state")
    self.graph = graph
    (self.state, self.elements, self.invariants, self.next) = (state, elements, invariants, next)
    (self.stepCount, self.isReversed) = (stepCount, isReversed)
  }

  var sources: [NodeID] { state + elements + invariants }

  func signature(of node: NodeID) -> Signature { graph.storage.signature(of: node) }

  /// The signature of each operand of the gate: sequences have one more axis in front.
  var operands: [Signature] {
    state.map(signature) + elements.map(stackSignature) + invariants.map(signature)
  }

  /// What the values of a node in all steps are together.
  func stackSignature(of node: NodeID) -> Signature {
    let signature = signature(of: node)
    return Signature(elementType: signature.elementType, shape: Shape([stepCount] + signature.shape.dimensions))
  }

  /// For each node whether it depends on any of `sources`.
  func depends(on sources: some Sequence<NodeID>) -> [Bool] { graph.storage.dependents(of: sources) }

  /// All parts of the state that depend in some step on those that are `given` or on any of `others`, and for each node
  /// whether it does.
  func activeState(from given: Set<Int>, _ others: [NodeID]) -> (state: [Int], depends: [Bool]) {
    var active = given
    while true {
      let depends = depends(on: active.map { state[$0] } + others)
      let more = next.indices.filter { !active.contains($0) && depends[next[$0].int] }
      if more.isEmpty { return (active.sorted(), depends) }
      active.formUnion(more)
    }
  }
}

extension ScanBody: Hashable {
  static func == (left: ScanBody, right: ScanBody) -> Bool { left === right }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension GraphStorage {
  /// For each node whether it is one of `sources` or computed from any.
  ///
  /// - Complexity: O(nodes + edges) from the first source on.
  func dependents(of sources: some Sequence<NodeID>) -> [Bool] {
    var depends = [Bool](repeating: false, count: count)
    var first = count
    for source in sources {
      depends[source.int] = true
      first = min(first, source.int)
    }
    for index in first..<count where !depends[index] {
      depends[index] = inputs(of: NodeID(index)).contains { depends[$0.int] }
    }
    return depends
  }

  /// The nodes that `results` are computed from, back to those that are `given`, which are not among them; ascending.
  func nodes(leadingTo results: [NodeID], from given: Set<NodeID>) -> [NodeID] {
    nodes(leadingTo: results, isGiven: given.contains)
  }

  /// The nodes that `results` are computed from, back to those of which `isGiven` is true, which are not among them;
  /// ascending.
  ///
  /// - Complexity: O(n log n + edges) for n such nodes.
  func nodes(leadingTo results: [NodeID], isGiven: (NodeID) -> Bool) -> [NodeID] {
    var leads: Set<NodeID> = []
    var open = results
    while let node = open.popLast() {
      if isGiven(node) || !leads.insert(node).inserted { continue }
      open += inputs(of: node)
    }
    return leads.sorted()
  }
}

/// The making of a body: nodes of a larger graph, copied with their names and source lines.
struct ScanBodyBuilder {
  private let original: GraphState
  private(set) var graph = GraphState()
  /// The node of the body that stands for a node of the larger graph.
  private(set) var known: [NodeID: NodeID] = [:]

  init(from original: GraphState) {
    self.original = original
    graph.files = original.files
  }

  subscript(node: NodeID) -> NodeID { known[node]! }

  /// A source of the body in the place of a node of the larger graph.
  mutating func addSource(for node: NodeID) -> NodeID {
    let signature = original.storage.signature(of: node)
    let source = graph.addSource(
      Input(), signature.elementType, signature.shape, name: nil, at: original.packedLocation(of: node))
    known[node] = source
    return source
  }

  /// A source that stands for no node, of the shape of `node`, and of its type or the one that it is computed with.
  mutating func addUnknownSource(like node: NodeID) -> NodeID {
    let signature = signature(of: node)
    return graph.addSource(
      Input(), signature.elementType.computed, signature.shape, name: nil, at: original.packedLocation(of: node))
  }

  func signature(of node: NodeID) -> Signature { original.storage.signature(of: node) }

  mutating func withGraph<R>(_ body: (inout GraphState) -> R) -> R { body(&graph) }

  /// Copies what `results` are computed from, back to what is known.
  mutating func copy(leadingTo results: [NodeID]) {
    for node in original.storage.nodes(leadingTo: results, isGiven: { known[$0] != nil }) {
      let inputs = original.storage.inputs(of: node).map { known[$0]! }
      let location = original.packedLocation(of: node)
      let signature = original.storage.signature(of: node)
      if let values = original.storage.constants[node] {
        known[node] =
          if original.isLiteral(node), case .repeated(let value) = values {
            graph.literal(value, signature.elementType, at: location)
          } else {
            graph.addConstant(values, signature.elementType, signature.shape, at: location)
          }
      } else {
        let gate = original.storage.gate(of: node)
        known[node] = graph.apply(gate, to: inputs, at: location)
      }
      if let name = original.names[node] { graph.setName(name, of: known[node]!) }
    }
  }
}
