/// Which results of each scan a program computes, and where they go.
///
/// The parts of a scan that are read become results of its one call, written where their readers find them, so that
/// nothing is packed. A scan that something else reads, as it is, is packed.
struct ScanResults {
  /// For each scan that is taken apart, the parts that are computed.
  private(set) var partsOf: [NodeID: [NodeID]] = [:]
  private var whole: Set<NodeID> = []

  /// - Complexity: O(nodes + edges), nothing if the graph has no scan.
  init(_ storage: GraphStorage, order: RunOrder, roots: [NodeID]) {
    guard storage.gates.traits.contains(where: { if case .scan = $0.kernel.form { true } else { false } }) else {
      return
    }
    func isScan(_ node: NodeID) -> Bool {
      if case .scan = storage.traits(of: node).kernel.form { true } else { false }
    }
    for index in 0..<storage.count where order.isUsed(NodeID(index)) {
      let node = NodeID(index)
      for input in storage.inputs(of: node) where isScan(input) {
        if case .scanPart = storage.traits(of: node).kernel.form {
          partsOf[input, default: []].append(node)
        } else {
          whole.insert(input)
        }
      }
    }
    whole.formUnion(roots.filter(isScan))
    for scan in whole { partsOf[scan] = nil }
  }

  /// Whether the values of a scan go straight to its parts.
  func isTakenApart(_ node: NodeID) -> Bool { partsOf[node] != nil }

  /// Whether `node` is written by the scan that it is a part of.
  func isResult(_ node: NodeID, in storage: GraphStorage) -> Bool {
    if partsOf.isEmpty { return false }
    guard case .scanPart = storage.traits(of: node).kernel.form, let scan = storage.inputs(of: node).first else {
      return false
    }
    return isTakenApart(scan)
  }
}
