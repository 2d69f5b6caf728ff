/// The nodes of a graph that are computed, each after what it reads: those of the forward pass, then the others, in the
/// order of construction. What calls read besides, and the graph does not have, stands right before its first reader.
struct RunOrder: Sequence {
  /// For each node which passes need it.
  private var passes: [Passes]
  /// How many nodes stand where they were constructed, and those that stand before another.
  private let count: Int
  private var before: [NodeID: [NodeID]] = [:]
  /// Where the nodes of the backward pass begin and those of the forward pass end; between these they may be mixed.
  private var backwardStart: Int, forwardEnd = 0

  /// The forward pass, or any; nothing for a node that no root needs.
  private struct Passes: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    static let any = Passes(rawValue: 1)
    static let forward: Passes = [any, Passes(rawValue: 2)]
  }

  /// - Complexity: O(nodes + edges).
  init(_ graph: IntermediateGraph) {
    var passes = [Passes](repeating: [], count: graph.storage.count)
    for root in graph.roots.all { passes[root.int] = .any }
    for root in graph.roots.results { passes[root.int] = .forward }
    backwardStart = passes.count
    for index in stride(from: passes.count - 1, through: 0, by: -1) where passes[index] != [] {
      let readers = passes[index]
      if readers == .any { backwardStart = index } else { forwardEnd = Swift.max(forwardEnd, index + 1) }
      graph.storage.forEachInput(of: NodeID(index)) { passes[$0.int].formUnion(readers) }
    }
    self.passes = passes
    count = passes.count
  }

  /// Adds a node behind all that were constructed, which is computed right before `reader`, behind what was added there
  /// so far.
  mutating func insert(_ node: NodeID, before reader: NodeID) {
    append(node, like: reader)
    before[reader, default: []].append(node)
  }

  /// Adds a node that is there before any other, for the passes that need `reader`.
  mutating func append(_ node: NodeID, like reader: NodeID) {
    assert(node.int == passes.count, "nodes are added in the order of their numbers")
    passes.append(passes[reader.int])
  }

  /// Whether any root needs a node.
  @inline(__always)
  func isUsed(_ node: NodeID) -> Bool { passes[node.int] != [] }
  /// Whether any root of the forward pass needs it.
  @inline(__always)
  func isForward(_ node: NodeID) -> Bool { passes[node.int] == .forward }

  func makeIterator() -> Iterator { Iterator(order: self) }

  struct Iterator: IteratorProtocol {
    fileprivate let order: RunOrder
    private var pass = Passes.forward
    private var index = 0
    /// What stands before a node, and the node, from the last to the first.
    private var waiting: [NodeID] = []

    fileprivate init(order: RunOrder) { self.order = order }

    mutating func next() -> NodeID? {
      if !waiting.isEmpty { return waiting.removeLast() }
      guard let node = nextConstructed() else { return nil }
      guard !order.before.isEmpty, let before = order.before[node] else { return node }
      waiting = [node] + before.reversed()
      return waiting.removeLast()
    }

    @inline(__always)
    private mutating func nextConstructed() -> NodeID? {
      while true {
        let end = pass == .forward ? order.forwardEnd : order.count
        while index < end {
          index += 1
          if order.passes[index - 1] == pass { return NodeID(index: UInt32(truncatingIfNeeded: index - 1)) }
        }
        if pass == .any { return nil }
        (pass, index) = (.any, order.backwardStart)
      }
    }
  }
}
