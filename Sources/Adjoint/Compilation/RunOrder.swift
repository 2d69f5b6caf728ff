/// The nodes of a graph that are computed, each after what it reads: those of the forward pass, then the others, in the
/// order of construction.
struct RunOrder: Sequence {
  /// Whether any root needs a node, and whether any of the forward pass does.
  let isUsed: [Bool], isForward: [Bool]

  /// - Parameter outputCount: how many of the roots, the first ones, are computed in the forward pass.
  /// - Complexity: O(nodes + edges).
  init(_ graph: IntermediateGraph, outputCount: Int) {
    var isUsed = [Bool](repeating: false, count: graph.storage.count)
    var isForward = isUsed
    for root in graph.roots { isUsed[root.int] = true }
    for root in graph.roots.prefix(outputCount) { isForward[root.int] = true }
    for index in isUsed.indices.reversed() where isUsed[index] {
      let isRead = isForward[index]
      graph.storage.forEachInput(of: NodeID(index)) { input in
        isUsed[input.int] = true
        if isRead { isForward[input.int] = true }
      }
    }
    self.isUsed = isUsed
    self.isForward = isForward
  }

  func makeIterator() -> Iterator { Iterator(order: self) }

  struct Iterator: IteratorProtocol {
    fileprivate let order: RunOrder
    private var isForward = true
    private var index = 0

    fileprivate init(order: RunOrder) { self.order = order }

    mutating func next() -> NodeID? {
      while true {
        while index < order.isUsed.count {
          defer { index += 1 }
          if order.isUsed[index], order.isForward[index] == isForward { return NodeID(index) }
        }
        if !isForward { return nil }
        (isForward, index) = (false, 0)
      }
    }
  }
}
