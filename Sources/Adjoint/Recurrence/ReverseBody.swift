internal import Kernels

/// The body of a reverse scan: the gradient of a step, with everything that it reads of the forward step among its
/// sources.
struct ReverseBody {
  let body: ScanBody
  /// What is stacked: the gradients of elements; and what is added up over all steps: those of invariants.
  let stacked: [NodeID], sums: [NodeID]
  /// What comes as sequences besides the adjoints of outputs: elements of the forward scan, and values kept of it.
  let elements: [Int]
  let kept: [NodeID]
  /// The invariants that it reads.
  let invariants: [Int]

  init(_ step: ReverseStep, _ body: ScanBody) {
    let reads = ForwardReads(step, body)
    (elements, kept, invariants) = (reads.elements, reads.kept, reads.invariants)

    var builder = ScanBodyBuilder(from: step.graph)
    let state = step.seeds.prefix(step.state.count).map { builder.addSource(for: $0) }
    let sources =
      step.seeds.dropFirst(step.state.count) + elements.map { body.elements[$0] } + kept
    let sequences = sources.map { builder.addSource(for: $0) }
    let weights = invariants.map { builder.addSource(for: body.invariants[$0]) }
    builder.copy(leadingTo: step.gradients)
    let next = zip(step.stateGradients, step.state).map { gradient, position in
      gradient.map { builder[$0] } ?? builder.addZeros(like: body.state[position])
    }
    self.body = ScanBody(
      builder.graph, state: state, elements: sequences, invariants: weights, next: next, stepCount: body.stepCount,
      isReversed: !body.isReversed)
    stacked = step.elementGradients.map { builder[$0] }
    sums = step.sumGradients.map { builder[$0] }
  }
}

/// What the gradient of a step reads of the forward step, and how it comes by it.
private struct ForwardReads {
  private(set) var elements: [Int] = [], invariants: [Int] = []
  private(set) var kept: [NodeID] = []

  init(_ step: ReverseStep, _ body: ScanBody) {
    let storage = step.graph.storage
    let forwardCount = body.graph.storage.count
    let forward = Set((0..<forwardCount).map { NodeID($0) })
    var reads: Set<NodeID> = Set(step.gradients.filter { forward.contains($0) })
    for node in storage.nodes(leadingTo: step.gradients, from: forward.union(step.seeds)) {
      for input in storage.inputs(of: node) where forward.contains(input) { reads.insert(input) }
    }
    let varies = body.depends(on: body.state + body.elements)
    let isSource = Set(body.sources)
    // What costs much to compute is kept; of the rest, what can't be made from that.
    var available = reads.filter { isSource.contains($0) || varies[$0.int] && !Self.isCheap($0, storage) }
    available.formUnion(body.elements)
    func canRepeat(_ node: NodeID, depth: Int) -> Bool {
      if available.contains(node) || !varies[node.int] { return true }
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
  private static let longestCopy = 4

  /// Whether a value is made sooner than read from memory.
  private static func isCheap(_ node: NodeID, _ storage: GraphStorage) -> Bool {
    switch storage.traits(of: node).kernel.form {
    case .elementwise(let operation):
      switch operation {
      case .copy, .negate, .square, .relu, .absolute, .sign, .add, .subtract, .multiply, .maximum, .minimum, .greater,
        .equal, .select:
        true
      default: false
      }
    case .alias, .broadcast, .slice, .transpose: true
    default: false
    }
  }
}

extension ScanBodyBuilder {
  fileprivate mutating func addZeros(like node: NodeID) -> NodeID {
    let signature = signature(of: node)
    return withGraph { $0.addConstant(.repeated(0), signature.elementType, signature.shape, at: .unknown) }
  }
}
