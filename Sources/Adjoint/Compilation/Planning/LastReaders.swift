/// Which gate of its pass is the last to read a value, and so how many values are needed behind a place in the order.
struct LastReaders {
  /// For each node the last one in the order that reads it within the same pass, or the node itself.
  private var lastReader: [NodeID]

  /// - Complexity: O(nodes + edges).
  init(_ storage: GraphStorage, order: RunOrder) {
    lastReader = (0..<storage.count).map { NodeID($0) }
    for node in order {
      for input in storage.inputs(of: node) where order.isForward(input) == order.isForward(node) {
        lastReader[input.int] = max(lastReader[input.int], node)
      }
    }
  }

  /// Where to cut `gates`, which stand before `node` in this order: in the second half, where the fewest of their values
  /// are read behind the cut, if these are fewer than those read from `node` on.
  ///
  /// - Complexity: O(gates + how far from each its last reader stands), all of one chain.
  func narrowestPlace(in gates: [NodeID], before node: NodeID) -> Int? {
    // How many values more are read behind each place than behind the place before, the end being the last.
    var changes = [Int](repeating: 0, count: gates.count + 2)
    for (position, gate) in gates.enumerated() {
      let last = lastReader[gate.int]
      if last <= gate { continue }
      changes[position + 1] += 1
      let end = gates[(position + 1)...].firstIndex { $0 > last } ?? gates.count
      changes[last >= node ? gates.count + 1 : end] -= 1
    }
    var counts = changes
    for place in 1..<counts.count { counts[place] += counts[place - 1] }
    let half = max(gates.count / 2, 1)
    guard half < gates.count, let fewest = counts[half..<gates.count].min(), fewest < counts[gates.count] else {
      return nil
    }
    return counts[..<gates.count].lastIndex(of: fewest)
  }
}
