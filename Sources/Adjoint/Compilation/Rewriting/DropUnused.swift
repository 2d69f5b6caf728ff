/// Which nodes the roots need: the others are never computed.
///
/// - Complexity: O(nodes + edges), one walk backwards, no recursion.
enum DropUnused {
  static func usedNodes(of storage: GraphStorage, roots: some Sequence<NodeID>) -> [Bool] {
    var isUsed = [Bool](repeating: false, count: storage.count)
    for root in roots { isUsed[root.int] = true }
    for index in stride(from: storage.count - 1, through: 0, by: -1) where isUsed[index] {
      storage.forEachInput(of: NodeID(index)) { isUsed[$0.int] = true }
    }
    return isUsed
  }
}
