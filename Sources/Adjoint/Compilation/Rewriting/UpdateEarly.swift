/// Moves what a step makes of its parameters to right behind the gradients that it reads.
///
/// Updates are made when all gradients are, and in that order every gradient would stay until the last of them is
/// computed: as much memory again as the parameters take. An update has nobody who waits for it but the end of the step,
/// so it can come as soon as its gradient is there, which is then done with. What an update needs besides, such as a
/// decayed velocity, is computed right before it, not earlier. No bit depends on the order.
///
/// - Complexity: O(nodes + edges).
struct UpdateEarly: GraphPass {
  static let name = "updateEarly"

  private let storage: GraphStorage
  /// Whether a value belongs to updates alone, and needs a gradient.
  private let isEager: [Bool]
  /// For each eager node, how many of its operands need a gradient and are not there yet.
  private var missing: [Int: Int] = [:]
  private var readers: [Int: [NodeID]] = [:]
  private var isMade: [Bool]
  private var rewriter: GraphRewriter

  static func apply(to graph: IntermediateGraph, for purpose: CompiledPurpose) -> IntermediateGraph {
    if graph.roots.nextValues.isEmpty { return graph }
    var pass = UpdateEarly(graph, purpose.source)
    for index in 0..<graph.storage.count where !pass.isEager[index] { pass.make(NodeID(index)) }
    return pass.rewriter.finish(roots: graph.roots)
  }

  private init(_ graph: IntermediateGraph, _ state: GraphState) {
    let storage = graph.storage
    let isUsed = DropUnused.usedNodes(of: storage, roots: graph.roots.updates)
    let isWanted = DropUnused.usedNodes(of: storage, roots: graph.roots.results + graph.roots.gradients)
    var needsGradient = graph.origins.map(state.isGradient)
    var isEager = [Bool](repeating: false, count: storage.count)
    for index in 0..<storage.count where !needsGradient[index] {
      let operands = storage.inputs(of: NodeID(index)).filter { needsGradient[$0.int] }
      if operands.isEmpty { continue }
      needsGradient[index] = true
      guard isUsed[index], !isWanted[index] else { continue }
      isEager[index] = true
      missing[index] = operands.count
      for operand in operands { readers[operand.int, default: []].append(NodeID(index)) }
    }
    self.storage = storage
    self.isEager = isEager
    isMade = [Bool](repeating: false, count: storage.count)
    rewriter = GraphRewriter(graph)
  }

  /// Makes a node, before it what it reads, and behind it whatever has waited for it alone.
  private mutating func make(_ node: NodeID) {
    var pending = [node]
    while let next = pending.last {
      if isMade[next.int] {
        pending.removeLast()
        continue
      }
      let operands = storage.inputs(of: next).filter { !isMade[$0.int] }
      guard operands.isEmpty else {
        pending += operands.reversed()
        continue
      }
      pending.removeLast()
      rewriter.keep(next)
      isMade[next.int] = true
      for reader in (readers[next.int] ?? []).reversed() {
        missing[reader.int]! -= 1
        if missing[reader.int] == 0 { pending.append(reader) }
      }
    }
  }
}
