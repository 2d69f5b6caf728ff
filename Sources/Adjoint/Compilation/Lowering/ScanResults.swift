/// Which results of each scan a program computes, and where they go.
///
/// The parts of a scan that are read become results of its one call, written where their readers find them, so that
/// nothing is packed: ``SplitScans`` has left nothing else that reads a scan.
///
/// The states before the steps and those after them, where both are read, as outputs and by the reverse scan, are kept
/// once: the state before a step is the one after the step before, so that both are pieces of one buffer, which has one
/// state more than there are steps.
struct ScanResults {
  /// For each scan that is taken apart, the parts that are computed.
  private(set) var partsOf: [NodeID: [NodeID]] = [:]
  /// The parts that share memory with another.
  private(set) var pieces: [NodeID: BufferPiece] = [:]
  /// Those of them which are states before steps: all but the first is written as a state after a step.
  private(set) var statesBefore: Set<NodeID> = []

  /// - Parameter sharesStates: whether states may be pieces of a buffer.
  /// - Complexity: O(nodes + edges), nothing if the graph has no scan.
  init(_ storage: GraphStorage, order: RunOrder, roots: [NodeID], sharesStates: Bool) {
    guard storage.gates.traits.contains(where: { if case .scan = $0.kernel.form { true } else { false } }) else {
      return
    }
    func isScan(_ node: NodeID) -> Bool {
      if case .scan = storage.traits(of: node).kernel.form { true } else { false }
    }
    for index in 0..<storage.count where order.isUsed(NodeID(index)) {
      let node = NodeID(index)
      for input in storage.inputs(of: node) where isScan(input) {
        assert(storage.gate(of: node) is ScanPart, "a loop is read by its parts")
        partsOf[input, default: []].append(node)
      }
    }
    assert(!roots.contains(where: isScan), "a loop is read by its parts")
    if !sharesStates { return }
    for (node, parts) in partsOf {
      if case .scan(let gate) = storage.traits(of: node).kernel.form, let scan = gate as? Scan {
        shareStates(of: scan, parts, in: storage)
      }
    }
  }

  /// Has the states before steps and after them lie in one buffer.
  private mutating func shareStates(of scan: Scan, _ parts: [NodeID], in storage: GraphStorage) {
    let (places, body) = (ScanPlaces(scan), scan.body)
    var partOf: [NodeID: NodeID] = [:]
    for part in parts {
      let number = places.number(of: (storage.gate(of: part) as? ScanPart)!) - body.state.count
      if number >= 0 { partOf[scan.stacked[number]] = part }
    }
    for (state, next) in zip(body.state, body.next) where !body.state.contains(next) {
      let signature = body.signature(of: state)
      let whole = Shape([body.stepCount + 1] + signature.shape.dimensions)
      // One number may lie in a slab.
      guard let before = partOf[state], let after = partOf[next], pieces[after] == nil, whole.impossibility == nil,
        storage.signature(of: before).shape.elementCount > 1
      else { continue }
      let all = Signature(elementType: signature.elementType, shape: whole)
      // Of a scan that goes from the last elements to the first, the initial state is behind all others.
      let (first, second) = body.isReversed ? (after, before) : (before, after)
      pieces[first] = BufferPiece(owner: before, whole: all, start: 0)
      pieces[second] = BufferPiece(owner: before, whole: all, start: signature.byteCount)
      statesBefore.insert(before)
    }
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
