/// Makes a graph anew from another, node by node in order, so that a pass can put other nodes in the place of some.
///
/// A node that a pass leaves without readers stays in the graph; nobody computes it. A ``Dropped`` one does not.
struct GraphRewriter {
  let old: GraphStorage
  private let origins: Origins
  private let dropped: GateID?
  private(set) var result: IntermediateGraph
  /// For each node of the old graph the node that has taken its place.
  private(set) var renamed: [NodeID]

  init(_ graph: IntermediateGraph) {
    old = graph.storage
    origins = graph.origins
    dropped = old.gates.number(of: Dropped.self)
    result = IntermediateGraph(old.emptyCopy(), origins: Origins(reserving: old.count), roots: Roots(results: []))
    renamed = [NodeID](repeating: NodeID(0), count: old.count)
  }

  /// Keeps a node as it is, reading what has taken the places of its inputs.
  mutating func keep(_ node: NodeID) {
    if old.rows[node.int].gate == dropped { return }
    keep(node, inputs: old.inputs(of: node).map { renamed[$0.int] })
  }

  /// Keeps a node, but lets it read other nodes of the new graph.
  mutating func keep(_ node: NodeID, inputs: [NodeID]) {
    renamed[node.int] = copy(node, inputs: inputs)
  }

  /// One more node like `node`, which reads `inputs` of the new graph.
  mutating func copy(_ node: NodeID, inputs: [NodeID]) -> NodeID {
    let copy = result.storage.append(old.rows[node.int].gate, old.rows[node.int].signature, inputs: inputs)
    if let values = old.constants[node] { result.storage.constants[copy] = values }
    if let initializer = old.initializers[node] { result.storage.initializers[copy] = initializer }
    result.origins.append(origins[node.int])
    return copy
  }

  /// A new node of the type and shape of `node`, for which it speaks in messages. The inputs are of the new graph.
  mutating func add(_ gate: some Gate, like node: NodeID, inputs: [NodeID]) -> NodeID {
    let made = result.storage.append(
      result.storage.intern(gate), old.rows[node.int].signature, inputs: inputs)
    result.origins.append(origins[node.int])
    return made
  }

  /// A new node of another type and shape.
  mutating func add(
    _ gate: some Gate, _ type: ElementType, _ shape: Shape, like node: NodeID, inputs: [NodeID]
  ) -> NodeID {
    let made = result.storage.append(
      result.storage.intern(gate), result.storage.intern(type, shape), inputs: inputs)
    result.origins.append(origins[node.int])
    return made
  }

  /// A constant of one value.
  mutating func addConstant(_ value: Double, _ type: ElementType, _ shape: Shape, like node: NodeID) -> NodeID {
    let made = result.storage.append(
      result.storage.intern(Constant()), result.storage.intern(type, shape), inputs: [])
    result.storage.constants[made] = .repeated(value)
    result.origins.append(origins[node.int])
    return made
  }

  mutating func replace(_ node: NodeID, by other: NodeID) { renamed[node.int] = other }

  consuming func finish(roots: Roots) -> IntermediateGraph {
    result.roots = roots.map { renamed[$0.int] }
    return result
  }
}

extension GraphStorage {
  /// How often each node is read; a root counts as read once more than that.
  func readerCounts(roots: [NodeID]) -> [UInt32] {
    var counts = [UInt32](repeating: 0, count: count)
    for index in 0..<count { forEachInput(of: NodeID(index)) { counts[$0.int] += 1 } }
    for root in roots { counts[root.int] += 2 }
    return counts
  }
}
