/// Makes a graph anew from another, node by node in order, so that a pass can put other nodes in the place of some.
///
/// A node that a pass leaves without readers stays in the graph; nobody computes it. A ``Dropped`` one does not.
/// Origins and fences go along by themselves: a pass need not know of them.
struct GraphRewriter {
  let old: GraphStorage
  private let origins: Origins
  private let fences: Set<NodeID>
  /// For each node of the new graph the old one that it was made for; empty if there are no fences to carry.
  private var oldNodes: [NodeID] = []
  private let dropped: GateID?
  private(set) var result: IntermediateGraph
  /// For each node of the old graph the node that has taken its place.
  private(set) var renamed: Renaming

  /// - Parameter count: the nodes that stay where they are, the first ones: they are not copied.
  init(_ graph: IntermediateGraph, keepingFirst count: Int = 0) {
    old = graph.storage
    (origins, fences) = (graph.origins, graph.fences)
    dropped = old.gates.number(of: Dropped.self)
    result = IntermediateGraph(
      old.copy(ofFirst: count), origins: Origins(first: count, of: origins), roots: Roots(results: []))
    renamed = Renaming(of: old.count, keepingFirst: count)
    if !fences.isEmpty { oldNodes = (0..<count).map { NodeID($0) } }
  }

  /// Keeps a node as it is, reading what has taken the places of its inputs.
  mutating func keep(_ node: NodeID) {
    let row = old.rows[node.int]
    if row.gate == dropped { return }
    if row.isLong { return keep(node, inputs: old.inputs(of: node).map { renamed[$0.int] }) }
    // Most nodes, for which no list is made.
    let count = row.inputCount
    let made = result.storage.append(
      row.gate, row.signature, count > 0 ? renamed[row.input(0).int] : nil, count > 1 ? renamed[row.input(1).int] : nil)
    renamed[node.int] = carry(node, to: made)
  }

  /// Keeps a node, but lets it read other nodes of the new graph.
  mutating func keep(_ node: NodeID, inputs: [NodeID]) {
    renamed[node.int] = copy(node, inputs: inputs)
  }

  /// One more node like `node`, which reads `inputs` of the new graph.
  mutating func copy(_ node: NodeID, inputs: [NodeID]) -> NodeID {
    carry(node, to: result.storage.append(old.rows[node.int].gate, old.rows[node.int].signature, inputs: inputs))
  }

  /// Gives `copy`, the newest node of the new graph, the constant or initializer and the origin of `node`.
  private mutating func carry(_ node: NodeID, to copy: NodeID) -> NodeID {
    if old.rows[node.int].inputCount == 0 {
      if let values = old.constants[node] { result.storage.constants[copy] = values }
      if let initializer = old.initializers[node] { result.storage.initializers[copy] = initializer }
    }
    enter(node)
    return copy
  }

  /// One more node like `other` of another graph, which reads `inputs` of the new one. In messages, `node` speaks for
  /// it.
  mutating func copy(_ other: NodeID, of graph: GraphStorage, like node: NodeID, inputs: [NodeID]) -> NodeID {
    let signature = graph.signature(of: other)
    let made = add(graph.gate(of: other), signature.elementType, signature.shape, like: node, inputs: inputs)
    if let values = graph.constants[other] { result.storage.constants[made] = values }
    return made
  }

  /// A new node of the type and shape of `node`, for which it speaks in messages. The inputs are of the new graph.
  mutating func add(_ gate: some Gate, like node: NodeID, inputs: [NodeID]) -> NodeID {
    let made = result.storage.append(
      result.storage.intern(gate), old.rows[node.int].signature, inputs: inputs)
    enter(node)
    return made
  }

  /// A new node of another type and shape.
  mutating func add(
    _ gate: some Gate, _ type: ElementType, _ shape: Shape, like node: NodeID, inputs: [NodeID]
  ) -> NodeID {
    let made = result.storage.append(
      result.storage.intern(gate), result.storage.intern(type, shape), inputs: inputs)
    enter(node)
    return made
  }

  /// A constant of one value.
  mutating func addConstant(_ value: Double, _ type: ElementType, _ shape: Shape, like node: NodeID) -> NodeID {
    let made = result.storage.append(
      result.storage.intern(Constant()), result.storage.intern(type, shape), inputs: [])
    result.storage.constants[made] = .repeated(value)
    enter(node)
    return made
  }

  mutating func replace(_ node: NodeID, by other: NodeID) { renamed[node.int] = other }

  /// Notes for which old node the newest one was made.
  private mutating func enter(_ node: NodeID) {
    result.origins.append(origins[node.int])
    if !fences.isEmpty { oldNodes.append(node) }
  }

  consuming func finish(roots: Roots) -> IntermediateGraph {
    result.roots = roots.map { renamed[$0.int] }
    result.fences = carriedFences()
    return result
  }

  /// Each fence where what was made for its node begins, or, if nothing was, what was made for the nodes behind it.
  private func carriedFences() -> Set<NodeID> {
    if fences.isEmpty { return [] }
    var first: [NodeID: Int] = [:]
    for (made, node) in oldNodes.enumerated() where first[node] == nil { first[node] = made }
    return Set(
      fences.compactMap { fence in
        (first[fence] ?? oldNodes.firstIndex { $0 > fence }).map { NodeID($0) }
      })
  }
}

/// For each node of a graph the node of another one that has taken its place.
struct Renaming {
  /// The first ones have kept theirs, and are not stored.
  private let keptCount: Int
  private var nodes: [NodeID]

  init(of count: Int, keepingFirst keptCount: Int) {
    self.keptCount = keptCount
    nodes = [NodeID](repeating: NodeID(0), count: count - keptCount)
  }

  subscript(index: Int) -> NodeID {
    get { index < keptCount ? NodeID(index) : nodes[index - keptCount] }
    set {
      precondition(index >= keptCount, "Node \(index) was to stay where it is")
      nodes[index - keptCount] = newValue
    }
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
