internal import Kernels

/// Computes cheap elementwise values again where the backward pass reads them, rather than keep them since the forward
/// pass.
///
/// A chain does a sum or a product in the L1 cache, while writing the value and reading it back a pass later goes
/// through memory. So a backward gate gets its own copy of such a value, made from what is kept anyway: one operand of
/// the value's size, and any that are broadcast to it. A value that a pass leaves no cache may cost more operations, and
/// be made from two such operands: of a recurrence only each few steps are kept. The same operations on the same values
/// give the same bits.
///
/// - Complexity: O(nodes + edges), nothing if no tensor is large.
struct RecomputeForBackward: GraphPass {
  static let name = "recomputeForBackward"

  /// Elements from which on a value is worth it: smaller ones stay in the cache between the passes.
  static let fewestElements = 4_096  // Decisions/Rewriting.md
  /// What a copy of a value may cost.
  private struct Limit {
    /// The most operations, and values of the same size that it is made from.
    let operations: Int, operands: Int
    static let usual = Limit(operations: 6, operands: 1)  // Decisions/Rewriting.md
    static let ofLarge = Limit(operations: 16, operands: 2)  // Decisions/Rewriting.md
    /// From how many bytes on a value is large: two do not fit the second-level cache.
    static let largeByteCount = 1 << 19  // Decisions/Rewriting.md
  }

  /// How a value is made again: by so many operations, each done wherever it is wanted, from such kept values of its size.
  private struct Making {
    var operations = 1
    var operands: [NodeID] = []
  }

  private let storage: GraphStorage
  private let isForward: [Bool]
  /// Whether something reads the value that cannot make it again within its chain.
  private var isKept: [Bool]
  /// How many gates that are computed read each value.
  private var readerCounts: [UInt32]
  /// The values that are worth making again.
  private var makings: [NodeID: Making] = [:]

  static func isWanted(for purpose: CompiledPurpose) -> Bool { purpose.options.fusesElementwise }

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    let isLarge = graph.storage.signatures.contains { $0.shape.elementCount >= fewestElements }
    guard isLarge, graph.roots.hasBackward else { return graph }
    // What leaves a checkpointed scope is kept in any case.
    let kept =
      purpose.checkpoints.isEmpty
      ? nil : RecomputeCheckpoints.valuesReadOutside(of: purpose.checkpoints, in: graph, from: purpose.source)
    return Recomputation.apply(RecomputeForBackward(graph, keeping: kept), to: graph)
  }

  private init(_ graph: IntermediateGraph, keeping keptAnyway: [Bool]?) {
    storage = graph.storage
    isForward = DropUnused.usedNodes(of: storage, roots: graph.roots.results)
    isKept = keptAnyway ?? [Bool](repeating: false, count: storage.count)
    readerCounts = [UInt32](repeating: 0, count: storage.count)
    for root in graph.roots.all { isKept[root.int] = true }
    let isUsed = DropUnused.usedNodes(of: storage, roots: graph.roots.all)
    for index in 0..<storage.count where isUsed[index] {
      let node = NodeID(index)
      let isChainable = isOfChain(node)
      for input in storage.inputs(of: node) {
        readerCounts[input.int] += 1
        if !isChainable || storage.rows[input.int].signature != storage.rows[index].signature {
          isKept[input.int] = true
        }
      }
    }
    for index in 0..<storage.count where isCheap(NodeID(index)) { makings[NodeID(index)] = making(of: NodeID(index)) }
  }

  /// Whether a node computes elementwise, or splices what chains compute.
  private func isOfChain(_ node: NodeID) -> Bool {
    let signature = storage.signature(of: node)
    guard signature.elementType.hasArithmetic, signature.shape.elementCount >= Self.fewestElements else {
      return false
    }
    switch storage.traits(of: node).kernel.form {
    case .elementwise: return true
    case .spliceRows: return signature.shape.rank == 1
    default: return false
    }
  }

  /// Whether a value can be made again by operations that cost next to nothing.
  private func isCheap(_ node: NodeID) -> Bool {
    guard isForward[node.int], !isKept[node.int], isOfChain(node) else { return false }
    guard case .elementwise(let operation) = storage.traits(of: node).kernel.form else { return true }
    switch operation {
    case .copy, .negate, .square, .relu, .absolute, .add, .subtract, .multiply, .maximum, .minimum, .greater,
      .downstream, .mutualProduct:
      return true
    default: return false
    }
  }

  /// How a cheap value is made again, if that is worth it; its inputs have been looked at. What is too long to be made
  /// again is kept where several gates read it, as they do the state of a recurrence; a single gate that reads it is too
  /// long as well.
  private func making(of node: NodeID) -> Making? {
    let isLarge = storage.signature(of: node).byteCount >= Limit.largeByteCount
    let limit = isLarge ? Limit.ofLarge : .usual
    var making = Making()
    for input in storage.inputs(of: node) {
      if let known = makings[input] {
        making.operations += known.operations
        for operand in known.operands where !making.operands.contains(operand) { making.operands.append(operand) }
      } else if readerCounts[input.int] == 1, isCheap(input) {
        return nil
      } else if storage.signature(of: input).shape.elementCount >= Self.fewestElements,
        broadcastSource(of: input) == nil, !making.operands.contains(input)
      {
        making.operands.append(input)
      }
    }
    return making.operations <= limit.operations && making.operands.count <= limit.operands ? making : nil
  }

  /// What a node repeats along some axes, if that is much smaller.
  private func broadcastSource(of node: NodeID) -> NodeID? {
    guard case .broadcast = storage.traits(of: node).kernel.form, let source = storage.inputs(of: node).first,
      storage.signature(of: source).shape.elementCount < Self.fewestElements
    else { return nil }
    return source
  }
}

extension RecomputeForBackward: RecomputationPolicy {
  /// Each chain of the backward pass has copies of its own, which never reach memory.
  func sharing(of reader: NodeID) -> RecomputationSharing? {
    isForward[reader.int] || !isOfChain(reader) ? nil : .nobody
  }
  func isMadeAgain(_ value: NodeID) -> Bool { makings[value] != nil }
  func isMadeAgainWithin(_ value: NodeID) -> Bool { makings[value] != nil || broadcastSource(of: value) != nil }
  var isFenced: Bool { false }
}
