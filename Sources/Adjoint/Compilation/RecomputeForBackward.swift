internal import Kernels

/// Computes cheap elementwise values again where the backward pass reads them, rather than keep them since the forward
/// pass.
///
/// A chain does a sum or a product in the L1 cache, while writing the value and reading it back a pass later goes
/// through memory. So a backward gate gets its own copy of such a value, made from what is kept anyway: at most one
/// operand of the value's size, and any that are broadcast to it. The same operations on the same values give the same
/// bits.
///
/// - Complexity: O(nodes + edges), nothing if no tensor is large.
struct RecomputeForBackward {
  /// Elements from which on a value is worth it: smaller ones stay in the cache between the passes.
  static let fewestElements = 4_096
  /// The most operations of one copy.
  private static let longestCopy = 6

  private let storage: GraphStorage
  private let isForward: [Bool]
  /// Whether something reads the value that cannot make it again within its chain.
  private var isKept: [Bool]
  private var rewriter: GraphRewriter

  /// - Parameters:
  ///   - outputCount: how many of the roots, the first ones, are computed in the forward pass.
  ///   - isKept: whether a value is kept anyway, if any are.
  static func apply(
    to graph: IntermediateGraph, outputCount: Int, keeping isKept: [Bool]?
  ) -> IntermediateGraph {
    let isLarge = graph.storage.signatures.contains { $0.shape.elementCount >= fewestElements }
    guard isLarge, graph.roots.count > outputCount else { return graph }
    var pass = RecomputeForBackward(graph, outputCount, isKept)
    for index in 0..<pass.storage.count { pass.visit(NodeID(index)) }
    return pass.rewriter.finish(roots: graph.roots)
  }

  private init(_ graph: IntermediateGraph, _ outputCount: Int, _ keptAnyway: [Bool]?) {
    storage = graph.storage
    isForward = DropUnused.usedNodes(of: storage, roots: graph.roots.prefix(outputCount))
    isKept = keptAnyway ?? [Bool](repeating: false, count: storage.count)
    rewriter = GraphRewriter(graph)
    for root in graph.roots { isKept[root.int] = true }
    for index in 0..<storage.count {
      let node = NodeID(index)
      let isChainable = isLargeElementwise(node)
      for input in storage.inputs(of: node)
      where !isChainable || storage.signatureColumn[input.int] != storage.signatureColumn[index] {
        isKept[input.int] = true
      }
    }
  }

  private mutating func visit(_ node: NodeID) {
    guard !isForward[node.int], isLargeElementwise(node) else { return rewriter.keep(node) }
    var copies: [NodeID: NodeID] = [:]
    let inputs = storage.inputs(of: node).map { input in
      isWorthCopying(input) ? copy(input, &copies) : rewriter.renamed[input.int]
    }
    rewriter.keep(node, inputs: inputs)
  }

  private func isLargeElementwise(_ node: NodeID) -> Bool {
    guard case .elementwise = storage.traits(of: node).kernel.form else { return false }
    let signature = storage.signature(of: node)
    return signature.elementType.isDifferentiable && signature.shape.elementCount >= Self.fewestElements
  }

  /// Whether a value can be made again by operations that cost next to nothing.
  private func isCheap(_ node: NodeID) -> Bool {
    guard isForward[node.int], !isKept[node.int], isLargeElementwise(node),
      case .elementwise(let operation) = storage.traits(of: node).kernel.form
    else { return false }
    switch operation {
    case .copy, .negate, .square, .relu, .absolute, .add, .subtract, .multiply, .maximum, .minimum, .greater:
      return true
    default: return false
    }
  }

  private func isWorthCopying(_ node: NodeID) -> Bool {
    var operations = 0
    var large: NodeID?
    return isCheap(node) && canCopy(node, &operations, &large)
  }

  /// Counts what a copy of `node` does, and finds the one large value it reads.
  private func canCopy(_ node: NodeID, _ operations: inout Int, _ large: inout NodeID?) -> Bool {
    if isCheap(node) {
      operations += 1
      guard operations <= Self.longestCopy else { return false }
      return storage.inputs(of: node).allSatisfy { canCopy($0, &operations, &large) }
    }
    if storage.signature(of: node).shape.elementCount < Self.fewestElements || broadcastSource(of: node) != nil {
      return true
    }
    guard large == nil || large == node else { return false }
    large = node
    return true
  }

  /// What a node repeats along some axes, if that is much smaller.
  private func broadcastSource(of node: NodeID) -> NodeID? {
    guard case .broadcast = storage.traits(of: node).kernel.form, let source = storage.inputs(of: node).first,
      storage.signature(of: source).shape.elementCount < Self.fewestElements
    else { return nil }
    return source
  }

  private mutating func copy(_ node: NodeID, _ copies: inout [NodeID: NodeID]) -> NodeID {
    if let made = copies[node] { return made }
    guard isCheap(node) || broadcastSource(of: node) != nil else { return rewriter.renamed[node.int] }
    let inputs = storage.inputs(of: node).map { copy($0, &copies) }
    let made = rewriter.copy(node, inputs: inputs)
    copies[node] = made
    return made
  }
}
