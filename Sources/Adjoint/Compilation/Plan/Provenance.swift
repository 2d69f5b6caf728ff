/// Where the nodes of a plan come from and where their values lie: what a message about a run needs beside the plan.
///
/// A program does not hold it, since it is several times as large as the plan of a graph of scalars; it compiles once more
/// when the first message asks for it.
struct Provenance: Sendable {
  /// The user's graph with the nodes of its backward pass.
  let state: GraphState
  /// For each node of the plan the node of ``state`` that it stands for.
  let origins: Origins
  let places: [Placement.Place]
  /// The node whose value each slot of the two slabs holds, where it is one's.
  private var nodes32: [NodeID?], nodes64: [NodeID?]

  /// - Complexity: O(nodes).
  init(
    _ state: GraphState, _ graph: IntermediateGraph, _ values: borrowing Column<PlacedValue>, _ placement: Placement
  ) {
    self.state = state
    origins = graph.origins
    let places = values.array().map(\.place)
    self.places = places
    nodes32 = [NodeID?](repeating: nil, count: placement.float32Slots)
    nodes64 = [NodeID?](repeating: nil, count: placement.float64Slots)
    // Whatever lives with a value, under another shape, comes after it.
    for (index, place) in places.enumerated().reversed() where !place.isBuffer && !place.isAwaited {
      if place.isDoubleSlot { nodes64[place.index] = NodeID(index) } else { nodes32[place.index] = NodeID(index) }
    }
  }

  /// The nodes that scalar gates compute, in the order of the graph.
  func nodes(of run: ScalarRun) -> [NodeID] {
    (run.type == .float64 ? nodes64 : nodes32)[run.slots].compactMap { $0 }.sorted()
  }

  func describe(_ node: NodeID) -> String { state.describe(origins[node.int]) }
  func signature(of node: NodeID) -> Signature { state.storage.signature(of: origins[node.int]) }
  func gateName(of node: NodeID) -> String { state.storage.traits(of: origins[node.int]).name }
}
