/// Where the nodes of a plan come from: what a message about a run needs beside the plan.
///
/// A program keeps it from when it is compiled, so it is small: some five bytes a node that differentiation has added,
/// four a scalar, and four a node where passes have moved nodes. A message must neither take the time of a compilation
/// nor run a gate's rules again.
struct Provenance: Sendable {
  /// What the nodes of the differentiated graph are.
  let names: NodeNames
  /// For each node of the plan the node of the differentiated graph that it stands for.
  let origins: Origins
  /// The node whose value each slot of the two slabs holds, where it is one's.
  private var nodes32: [UInt32], nodes64: [UInt32]
  private static let none = UInt32.max
  /// The gates of nodes that stand for a scan, or for a result of one, and are something else.
  private var gatesOfScans: [NodeID: String] = [:]

  /// - Complexity: O(nodes).
  init(
    _ names: NodeNames, _ graph: IntermediateGraph, _ values: borrowing Column<PlacedValue>, _ placement: Placement
  ) {
    (self.names, origins) = (names, graph.origins)
    nodes32 = [UInt32](repeating: Self.none, count: placement.float32Slots)
    nodes64 = [UInt32](repeating: Self.none, count: placement.float64Slots)
    // Whatever lives with a value, under another shape, comes after it.
    for index in stride(from: values.count - 1, through: 0, by: -1) {
      let place = values[index].place
      if place.isBuffer || place.isAwaited { continue }
      if place.isDoubleSlot { nodes64[place.index] = UInt32(index) } else { nodes32[place.index] = UInt32(index) }
    }
    guard graph.storage.gates.hasAny(Scan.self) else { return }
    for index in 0..<graph.storage.count {
      let node = NodeID(index), said = names.gateName(of: origins[index]), gate = graph.storage.traits(of: node).name
      if said != gate, [Scan.name, ScanPart.name].contains(said) { gatesOfScans[node] = gate }
    }
  }

  /// The nodes that scalar gates compute, in the order of the graph, and the slots of their values.
  func scalars(of run: ScalarRun) -> [(node: NodeID, place: Placement.Place)] {
    let nodes = run.type.isDouble ? nodes64 : nodes32
    return run.slots.filter { nodes[$0] != Self.none }
      .map { (NodeID(index: nodes[$0]), .slot($0, run.type)) }.sorted { $0.node < $1.node }
  }

  /// The node whose value a slot of a slab holds; `nil` for buffers, and for a sum that more is added to.
  func node(atSlot place: Placement.Place) -> NodeID? {
    let nodes = place.isDoubleSlot ? nodes64 : nodes32
    guard !place.isBuffer, !place.isAwaited, place.index < nodes.count, nodes[place.index] != Self.none else {
      return nil
    }
    return NodeID(index: nodes[place.index])
  }

  /// The nodes that scalar gates compute, in the order of the graph.
  func nodes(of run: ScalarRun) -> [NodeID] { scalars(of: run).map(\.node) }

  func describe(_ node: NodeID) -> String { names.describe(origins[node.int]) }
  func name(of node: NodeID) -> String { names.name(of: origins[node.int]) }
  func label(of node: NodeID) -> String { names.label(of: origins[node.int]) }
  func signature(of node: NodeID) -> Signature { names.signature(of: origins[node.int]) }
  /// The gate that the node stands for; of what a scan was taken apart into, its own.
  func gateName(of node: NodeID) -> String { gatesOfScans[node] ?? names.gateName(of: origins[node.int]) }
}

/// What a message says of the nodes of a differentiated graph, without the graph: of the user's nodes by their own
/// graph, and of those that differentiation has added by a number each, since they are of a few kinds.
struct NodeNames: Sendable {
  /// The user's graph as it was when the program was compiled.
  private let source: GraphState
  /// Names, scopes and lines of the differentiated graph, whose nodes are gone.
  private let state: GraphState
  private let added: AddedNodes

  init(_ source: GraphState, _ state: GraphState, _ added: AddedNodes) {
    (self.source, self.state, self.added) = (source, state, added)
  }

  private func isSource(_ node: NodeID) -> Bool {
    node.int < source.storage.count && source.storage.brief(of: node).source != nil
  }
  func gateName(of node: NodeID) -> String {
    node.int < source.storage.count ? source.storage.traits(of: node).name : added[node].gate
  }
  func signature(of node: NodeID) -> Signature {
    node.int < source.storage.count ? source.storage.signature(of: node) : added[node].signature
  }

  func name(of node: NodeID) -> String { state.name(of: node, gate: gateName(of: node)) }
  /// The name with the gate behind it, where it does not say that already, and what it is the gradient or tangent of:
  /// `q = add`, `multiply#7 (backward of f)`.
  func label(of node: NodeID) -> String {
    var label = name(of: node)
    if state.names[node] != nil, !isSource(node) { label += " = \(gateName(of: node))" }
    if let forward = forwardNode(of: node) {
      label += " (\(isTangent(node) ? "tangent" : "backward") of \(name(of: forward)))"
    }
    return label
  }
  func location(of node: NodeID) -> SourceLocation { state.location(of: node) }
  /// The node whose gradient or tangent `node` belongs to.
  func forwardNode(of node: NodeID) -> NodeID? { state.forwardNode(of: node) }
  func isTangent(_ node: NodeID) -> Bool { state.isTangent(node) }

  /// One line for messages: `hidden [128, 512] float32, made at Model.swift:12`.
  func describe(_ node: NodeID) -> String { state.describe(node, signature(of: node)) { name(of: $0) } }
}

/// The gates and signatures of the nodes that differentiation has added to a graph.
struct AddedNodes: Sendable {
  struct Kind: Sendable {
    let gate: String
    let signature: Signature
  }
  private let first: Int
  private var kinds: [Kind] = []
  /// The kind of each node, in bytes as long as there are few kinds, else in `wide`.
  private var narrow: [UInt8] = [], wide: [UInt32] = []

  /// Those of `storage` from number `first` on.
  ///
  /// - Complexity: O(nodes added).
  init(_ storage: GraphStorage, from first: Int) {
    self.first = first
    narrow.reserveCapacity(storage.count - first)
    var numbers: [UInt64: Int] = [:]
    // By gate the signature and the kind of the last node, so that a dictionary is asked for few of them.
    var latest = [(signature: UInt32, kind: Int)](repeating: (.max, 0), count: storage.gates.briefs.count)
    for index in first..<storage.count {
      let row = storage.rows[index]
      let gate = Int(row.gate.index)
      if latest[gate].signature != row.signature.index {
        let key = UInt64(row.gate.index) << 32 | UInt64(row.signature.index)
        latest[gate] = (row.signature.index, numbers[key] ?? kinds.count)
        if latest[gate].kind == kinds.count {
          numbers[key] = kinds.count
          let node = NodeID(index)
          kinds.append(Kind(gate: storage.traits(of: node).name, signature: storage.signature(of: node)))
        }
      }
      append(latest[gate].kind)
    }
  }

  private mutating func append(_ kind: Int) {
    if wide.isEmpty, kind <= UInt8.max { return narrow.append(UInt8(kind)) }
    if wide.isEmpty { (wide, narrow) = (narrow.map { UInt32($0) }, []) }
    wide.append(UInt32(kind))
  }

  subscript(node: NodeID) -> Kind {
    kinds[wide.isEmpty ? Int(narrow[node.int - first]) : Int(wide[node.int - first])]
  }
}
