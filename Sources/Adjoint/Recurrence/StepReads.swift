internal import Kernels

/// What a derivative of a step, in either mode, reads of the step itself, and how it comes by it: as elements of the
/// scan's own sequences, as invariants, and as sequences of values that the scan keeps.
struct StepReads {
  /// The elements and the invariants of the scan, by number.
  private(set) var elements: [Int] = [], invariants: [Int] = []
  private(set) var kept: [NodeID] = []

  /// - Parameters:
  ///   - results: what the derivative gives, in `graph`: the body with the nodes of the derivative behind it.
  ///   - seeds: what stands for the adjoints or the tangents that it starts from.
  init(of results: [NodeID], in graph: GraphState, seeds: [NodeID], _ body: ScanBody) {
    let storage = graph.storage
    let forwardCount = body.graph.storage.count
    let forward = Set((0..<forwardCount).map { NodeID($0) })
    var reads: Set<NodeID> = Set(results.filter { forward.contains($0) })
    for node in storage.nodes(leadingTo: results, from: forward.union(seeds)) {
      for input in storage.inputs(of: node) where forward.contains(input) { reads.insert(input) }
    }
    let varies = body.depends(on: body.state + body.elements)
    let isSource = Set(body.sources)
    func isComputedInteger(_ node: NodeID) -> Bool {
      !isSource.contains(node) && !storage.signature(of: node).elementType.isDifferentiable
    }
    // What is kept is packed among floats: integers are computed again, from what they were computed from.
    var integers = reads.filter(isComputedInteger)
    while let node = integers.popFirst() {
      for input in storage.inputs(of: node) where forward.contains(input) && reads.insert(input).inserted {
        if isComputedInteger(input) { integers.insert(input) }
      }
    }
    // What costs much to compute is kept; of the rest, what can't be made from that.
    var available = reads.filter { node in
      isSource.contains(node) || varies[node.int] && !Self.isCheap(node, storage) && !isComputedInteger(node)
    }
    available.formUnion(body.elements)
    func canRepeat(_ node: NodeID, depth: Int) -> Bool {
      if available.contains(node) || !varies[node.int] || isComputedInteger(node) { return true }
      return depth > 0 && !isSource.contains(node) && Self.isCheap(node, storage)
        && storage.inputs(of: node).allSatisfy { canRepeat($0, depth: depth - 1) }
    }
    for node in reads.sorted() where !canRepeat(node, depth: Self.longestCopy) { available.insert(node) }

    let given = Set(body.sources).union(available)
    var used = reads.intersection(given)
    for node in storage.nodes(leadingTo: Array(reads), from: given) {
      for input in storage.inputs(of: node) where given.contains(input) { used.insert(input) }
    }
    elements = body.elements.indices.filter { used.contains(body.elements[$0]) }
    invariants = body.invariants.indices.filter { used.contains(body.invariants[$0]) }
    let others = Set(body.elements + body.invariants)
    kept = used.filter { !others.contains($0) }.sorted()
  }

  /// The most operations from a kept value to one that is made again.
  private static let longestCopy = 4  // Decisions/Scans.md

  /// Whether a value is made sooner than read from memory.
  private static func isCheap(_ node: NodeID, _ storage: GraphStorage) -> Bool {
    switch storage.traits(of: node).kernel.form {
    case .elementwise(let operation):
      switch operation {
      case .copy, .negate, .square, .relu, .absolute, .sign, .add, .subtract, .multiply, .maximum, .minimum, .greater,
        .equal, .select, .downstream, .mutualProduct:
        true
      default: false
      }
    case .alias, .broadcast, .slice, .transpose: true
    default: false
    }
  }
}

extension ScanBodyBuilder {
  /// Zeros of the signature of `node`.
  mutating func addZeros(like node: NodeID) -> NodeID {
    let signature = signature(of: node)
    return withGraph { $0.addConstant(.repeated(0), signature.elementType, signature.shape, at: .unknown) }
  }
}
