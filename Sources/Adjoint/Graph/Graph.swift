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
/// Any thread may add nodes; a lock around each makes that safe, and each thread is within scopes of its own. Building is
/// O(1) a node.
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
  public func apply(
    _ gate: some Gate, to inputs: [Node], fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    for input in inputs { check(input) }
    return withState { state in
      let location = state.files.pack(fileID, line)
      return Node(graph: self, id: state.apply(gate, to: inputs.map(\.id), at: location))
    }
  }

  func apply(_ gate: some Gate, _ first: Node, _ second: Node, at location: PackedLocation) -> Node {
    check(first)
    check(second)
    return withState { Node(graph: self, id: $0.apply(gate, first.id, second.id, at: location)) }
  }

  func apply(_ gate: some Gate, _ input: Node, at location: PackedLocation) -> Node {
    check(input)
    return withState { Node(graph: self, id: $0.apply(gate, input.id, nil, at: location)) }
  }

  func pack(_ fileID: StaticString, _ line: UInt) -> PackedLocation { withState { $0.files.pack(fileID, line) } }

  func check(_ node: Node) {
    precondition(node.graph === self, "The node \(node.name) belongs to another graph")
  }

  /// Names every node that this thread makes within `body` under `name/`; scopes nest.
  public func scope<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
    let outer = withState { $0.enterScope(name) }
    defer { withState { $0.context.scope = outer } }
    return try body()
  }
}

/// One application of a gate: an index into its graph. Copying it copies no value.
public struct Node: Hashable, Sendable {
  public let graph: Graph
  let id: NodeID

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

  /// Gives this node a name for messages and drawings, under the current scopes.
  @discardableResult
  public func named(_ name: String) -> Node {
    graph.withState { $0.setName(name, of: id) }
    return self
  }

  public static func == (left: Node, right: Node) -> Bool { left.id == right.id && left.graph === right.graph }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
