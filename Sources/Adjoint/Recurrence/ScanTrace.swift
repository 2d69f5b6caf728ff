/// A scan while its body is being written: placeholders in the user's graph for the state and for an element of each
/// sequence. What the body makes of them is taken out as a graph of its own; all else that it reads, weights say, is the
/// same in every step and becomes an operand.
struct ScanTrace {
  let graph: Graph
  let sequences: [Node], initial: [Node]
  let stepCount: Int
  let isReversed: Bool
  let location: PackedLocation
  let state: [Node], elements: [Node]

  init(
    _ graph: Graph, sequences: [Node], initial: [Node], steps: Int, isReversed: Bool, at location: PackedLocation
  ) {
    self.graph = graph
    (self.sequences, self.initial, self.stepCount) = (sequences, initial, steps)
    (self.isReversed, self.location) = (isReversed, location)
    func placeholder(_ type: ElementType, _ shape: Shape) -> Node {
      Node(
        graph: graph,
        id: graph.withState { $0.addSource(ScanPlaceholder(), type, shape, name: nil, at: location) })
    }
    state = initial.map { placeholder($0.elementType, $0.shape) }
    elements = sequences.map { placeholder($0.elementType, Shape(Array($0.shape.dimensions.dropFirst()))) }
  }

  /// The scan whose body leads from the placeholders to `next` and `outputs`, and what it reads.
  func gate(next: [Node], outputs: [Node]) -> (gate: Scan, operands: [Node]) {
    let original = graph.snapshot()
    let placeholders = (state + elements).map(\.id)
    let results = (next + outputs).map(\.id)
    let depends = original.storage.dependents(of: placeholders)
    var builder = ScanBodyBuilder(from: original)
    let state = state.map { builder.addSource(for: $0.id) }
    let elements = elements.map { builder.addSource(for: $0.id) }
    var weights: Set<NodeID> = []
    for node in original.storage.nodes(leadingTo: results, from: Set(placeholders)) where depends[node.int] {
      for input in original.storage.inputs(of: node) where !depends[input.int] { weights.insert(input) }
    }
    for result in results where !depends[result.int] { weights.insert(result) }
    // One number, repeated or not, is part of the step: formulas are recognised by it.
    weights = weights.filter { node in
      guard let values = original.storage.constants[node], let count = values.elementCount else {
        return !original.storage.isConstant(node)
      }
      return count > 1 && values.onlyValue == nil
    }
    let operands = weights.sorted()
    let invariants = operands.map { builder.addSource(for: $0) }
    builder.copy(leadingTo: results)
    let body = ScanBody(
      builder.graph, state: state, elements: elements, invariants: invariants,
      next: next.map { builder[$0.id] }, stepCount: stepCount, isReversed: isReversed)
    return (
      Scan(body: body, stacked: outputs.map { builder[$0.id] }, sums: []),
      initial + sequences + operands.map { Node(graph: graph, id: $0) }
    )
  }
}

/// A value within the body of a scan: an element of a sequence, or the state before a step. It has no value outside.
struct ScanPlaceholder: SourceGate {
  static let name = "scan"
}

extension Graph {
  /// The results of `scan` on `operands`, apart: the state after the last step, then the stacked values, then the sums.
  func apply(_ scan: Scan, to operands: [Node], at location: PackedLocation) -> [Node] {
    withState { state in
      let packed = state.apply(scan, to: operands.map(\.id), at: location)
      return scan.parts.map { Node(graph: self, id: state.apply($0, packed, nil, at: location)) }
    }
  }
}
