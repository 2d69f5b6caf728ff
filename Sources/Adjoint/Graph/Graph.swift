internal import DependencyScheduling

/// A computational graph under construction: gates applied to values that are not known yet.
///
/// ```swift
/// let graph = Graph()
/// let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
/// let f = (x + y) * z
/// ```
/// Applying a gate never throws. A bad combination marks its node as *poisoned*, with both operands' names, shapes and
/// source lines, and whatever reads it is poisoned too; compiling a ``Program`` throws the first such
/// error. A graph holds no values: compile it into a ``Program`` and run that in a ``Session``.
///
/// Any thread may add nodes; a lock around each makes that safe, and each thread is within scopes of its own. Building
/// is O(1) a node.
public final class Graph: Sendable {
  private let state: Locked<GraphState>

  public init() { state = Locked(GraphState()) }
  init(_ state: GraphState) { self.state = Locked(state) }

  /// The number of nodes so far.
  public var nodeCount: Int { state.withLock { $0.storage.count } }

  /// A graph with the same nodes under the same indices; adding to one does not change the other.
  package func copy() -> Graph { Graph(snapshot()) }

  func snapshot() -> GraphState { state.withLock { $0 } }
  /// Takes all that the graph holds out of it.
  func takeState() -> GraphState {
    withState { state in
      var taken = GraphState()
      swap(&state, &taken)
      return taken
    }
  }
  func withState<R>(_ body: (inout GraphState) throws -> R) rethrows -> R {
    try state.withLock { state in
      state.enterThread()
      return try body(&state)
    }
  }

  /// Applies a gate, one of the catalogue or your own, to nodes of this graph, as many as it reads.
  ///
  /// Your own gate's rules may ask this graph and its nodes for anything, and add nodes to it: no code of a gate runs
  /// while the graph is locked.
  public func apply(
    _ gate: some Gate, to inputs: [Node], fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    apply(gate, to: inputs, at: pack(fileID, line))
  }

  func apply(_ gate: some Gate, to inputs: [Node], at location: PackedLocation) -> Node {
    guard inputs.allSatisfy({ $0.graph === self }) else { return refused(gate, strangersAmong: inputs, at: location) }
    return Node(graph: self, id: apply(gate, to: inputs.map(\.id), at: location))
  }

  func apply(_ gate: some Gate, _ first: Node, _ second: Node, at location: PackedLocation) -> Node {
    guard first.graph === self, second.graph === self else {
      return refused(gate, strangersAmong: [first, second], at: location)
    }
    return Node(graph: self, id: apply(gate, first.id, second.id, at: location))
  }

  func apply(_ gate: some Gate, _ input: Node, at location: PackedLocation) -> Node {
    guard input.graph === self else { return refused(gate, strangersAmong: [input], at: location) }
    return Node(graph: self, id: apply(gate, input.id, nil, at: location))
  }

  /// A node of a gate that does not go with its operands, and why.
  package func refused(
    _ gate: some Gate, _ inputs: [Node], _ reason: String, fileID: StaticString, line: UInt
  ) -> Node {
    guard inputs.allSatisfy({ $0.graph === self }) else {
      return refused(gate, strangersAmong: inputs, at: pack(fileID, line))
    }
    return withState { state in
      let location = state.files.pack(fileID, line)
      return Node(graph: self, id: state.refuse(gate, inputs.map(\.id), reason, at: location))
    }
  }

  func pack(_ fileID: StaticString, _ line: UInt) -> PackedLocation { withState { $0.files.pack(fileID, line) } }

  /// For what gives a picture or a line and so has no error to give: everything else refuses a node of another graph
  /// with a ``GraphError``.
  package func check(_ node: Node) {
    demand(node.graph === self, "The node \(node.name) belongs to another graph")
  }

  /// Names every node that this thread makes within `body` under `name/`; scopes nest.
  public func scope<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
    let outer = withState { $0.enterScope(name) }
    defer { withState { $0.context.scope = outer } }
    return try body()
  }
}

// A gate of a user's own is code of a user's own: its shape rule may ask a node that it holds for its shape, and its
// hash may print the graph. The lock of a graph is not recursive, so all that a gate says is asked before the lock is
// taken, and what it has said is put into the graph afterwards.
extension Graph {
  /// Applies a gate to one operand or two. For the elementwise gates of the package on operands of one signature, that
  /// is nearly all of them, the lock is taken once.
  @inline(__always)
  func apply<G: Gate>(_ gate: G, _ first: NodeID, _ second: NodeID?, at location: PackedLocation) -> NodeID {
    if MemoryLayout<G>.size == 0 {
      let node = withState { state in
        state.storage.gates.plainNumber(of: G.self).flatMap {
          state.applyIfAlike($0, first, second, at: location)
        }
      }
      if let node { return node }
    }
    return apply(gate, to: second.map { [first, $0] } ?? [first], at: location)
  }

  func apply(_ gate: some Gate, to inputs: [NodeID], at location: PackedLocation) -> NodeID {
    let operands = withState { state in inputs.map { state.storage.signature(of: $0) } }
    let (gate, result) = gate.applied(to: operands)
    let number = number(of: gate)
    return withState { $0.apply(number, result, to: inputs, at: location) }
  }

  /// The number of a gate in this graph, which it gets if the graph has no equal one.
  func number<G: Gate>(of gate: G) -> GateID {
    if MemoryLayout<G>.size == 0 {
      if let known = withState({ $0.storage.gates.plainNumber(of: G.self) }) { return known }
      let traits = GateTraits(gate)
      return withState { $0.storage.gates.add(plain: gate, traits) }
    }
    let key = GateKey(gate)
    while true {
      let newest = withState { $0.storage.gates.newest(key) }
      var known = newest
      while let candidate = known {
        if withState({ $0.storage.gates[candidate] }) as? G == gate { return candidate }
        known = withState { $0.storage.gates.older(than: candidate) }
      }
      let traits = GateTraits(gate)
      // Another thread, or code of the gate's own, may have added one of this key meanwhile.
      if let added = withState({ $0.storage.gates.add(gate, key, traits, after: newest) }) { return added }
    }
  }
}

extension Gate {
  /// The gate with its axes counted from the front, and what its rules make of operands, or why they do not fit.
  package func applied(to operands: [Signature]) -> (gate: Self, result: Result<Signature, ShapeError>) {
    var gate = self
    do throws(ShapeError) {
      let shapes = operands.map(\.shape)
      gate = try countingAxesFromTheFront(in: shapes)
      let type = try gate.elementType(operands.map(\.elementType))
      let shape = try gate.shape(shapes)
      if let reason = shape.impossibility { throw ShapeError("the result would have shape \(shape), and \(reason)") }
      return (gate, .success(Signature(elementType: type, shape: shape)))
    } catch {
      return (gate, .failure(error))
    }
  }
}

/// One application of a gate: an index into its graph. Copying it copies no value.
public struct Node: Hashable, Sendable {
  public let graph: Graph
  package let id: NodeID

  /// The extents of this node's value, one an axis, counted in elements; `[]` is a scalar.
  public var shape: Shape { graph.withState { $0.storage.signature(of: id).shape } }
  /// The number format of its elements.
  public var elementType: ElementType { graph.withState { $0.storage.signature(of: id).elementType } }

  /// The given name under its scopes, else the gate's name and the node's index, as `multiply#4`.
  public var name: String { graph.withState { $0.name(of: id) } }

  /// Where the program made this node.
  public var location: SourceLocation { graph.withState { $0.location(of: id) } }

  /// The nodes this one reads, in the gate's order.
  public var inputs: [Node] { graph.withState { $0.storage.inputs(of: id).map { Node(graph: graph, id: $0) } } }

  /// Whether something is wrong with this node or with one that it is computed from, so that its shape means nothing.
  var isRefused: Bool { graph.withState { $0.poison[id] != nil } }

  /// Gives this node a name for messages and drawings, under the current scopes.
  @discardableResult
  public func named(_ name: String) -> Node {
    graph.withState { $0.setName(name, of: id) }
    return self
  }

  public static func == (left: Node, right: Node) -> Bool { left.id == right.id && left.graph === right.graph }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
