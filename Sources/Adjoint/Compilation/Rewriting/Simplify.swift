/// The rewriting walk: drops what is unused, folds constants and shares common subexpressions, all in one pass from
/// inputs to outputs, each node once.
///
/// Most nodes stay as they are, so they stay where they are: only what changes is written, and pages of the graph in which
/// nothing does stay shared with the user's. What is dropped leaves a ``Dropped`` in its place.
///
/// - Complexity: O(nodes + edges).
struct Simplify: ~Copyable {
  private var storage: GraphStorage
  /// What has become of the nodes before the one at hand.
  private var fates: Column<Fate>
  private var common: ShareCommon
  private var folding = FoldConstants()
  private let folds: Bool, shares: Bool
  /// The inputs of a node that has more than two.
  private var inputs = Column<NodeID>()

  private enum Fate: UInt8, BitwiseCopyable { case kept, constant, replaced, dropped }

  /// The same of a graph that passes have been at.
  static func apply(to graph: consuming IntermediateGraph, _ options: Program.Options) -> IntermediateGraph {
    let (origins, fences) = (graph.origins, graph.fences)
    var simple = apply(to: graph.storage, roots: graph.roots, options)
    (simple.origins, simple.fences) = (origins, fences)
    return simple
  }

  static func apply(
    to storage: consuming GraphStorage, roots: Roots, _ options: Program.Options = Program.Options()
  ) -> IntermediateGraph {
    let isUsed = DropUnused.usedNodes(of: storage, roots: roots.all)
    var pass = Simplify(storage, options)
    for index in isUsed.indices {
      let node = NodeID(index: UInt32(truncatingIfNeeded: index))
      pass.fates.append(isUsed[index] ? pass.visit(node) : .dropped)
      if pass.fates[index].rawValue >= Fate.replaced.rawValue { pass.storage.drop(node) }
    }
    let renamed = roots.map { pass.current($0) }
    return IntermediateGraph(pass.storage, origins: Origins(count: isUsed.count), roots: renamed)
  }

  private init(_ storage: consuming GraphStorage, _ options: Program.Options) {
    (folds, shares) = (options.runs(.foldConstants), options.runs(.shareCommon))
    fates = Column(reserving: storage.count)
    common = ShareCommon(expecting: storage.count)
    self.storage = storage
  }

  /// The node that computes what `node` did.
  @inline(__always)
  private func current(_ node: NodeID) -> NodeID {
    fates[node.int] == .replaced ? common.replacement(of: node) : node
  }

  /// The later of two nodes, constants apart.
  @inline(__always)
  private func newest(_ newest: NodeID?, _ node: NodeID) -> NodeID? {
    fates[node.int] == .constant ? newest : max(newest ?? node, node)
  }

  @inline(__always)
  private mutating func visit(_ node: NodeID) -> Fate {
    let row = storage.rows[node.int]
    common.enter(node)
    if row.isLong { return visitLong(node, row) }
    if row.inputCount == 0 { return visitSource(node, row) }
    let first = current(row.input(0))
    let second = row.inputCount == 2 ? current(row.input(1)) : nil
    var newest = newest(nil, first)
    if let second { newest = self.newest(newest, second) }
    if newest == nil, fold(node, row, second.map { [first, $0] } ?? [first]) { return share(constant: node, row) }
    let renamed = NodeRow(row.gate, row.signature, first, second)
    if shares, common.find(node, renamed, newest: newest, in: &storage) { return .replaced }
    if renamed != row { storage.replace(node, by: renamed) }
    return .kept
  }

  @inline(never)
  private mutating func visitLong(_ node: NodeID, _ row: NodeRow) -> Fate {
    var newest: NodeID?
    var isRenamed = false
    inputs.removeAll()
    for position in 0..<row.inputCount {
      let read = storage.input(position, of: node)
      let input = current(read)
      inputs.append(input)
      if input != read { isRenamed = true }
      newest = self.newest(newest, input)
    }
    if newest == nil, fold(node, row, inputs.array()) { return share(constant: node, row) }
    if shares, common.find(node, row.gate, inputs, newest: newest, in: &storage) { return .replaced }
    if isRenamed { storage.replace(inputsOf: node, by: inputs) }
    return .kept
  }

  @inline(never)
  private mutating func visitSource(_ node: NodeID, _ row: NodeRow) -> Fate {
    guard storage.isConstant(node) else { return .kept }
    if folds, let value = storage.constants[node]?.onlyValue { storage.constants[node] = .repeated(value) }
    return share(constant: node, row)
  }

  /// Puts an earlier constant in the place of one that repeats the same value in the same shape.
  private mutating func share(constant node: NodeID, _ row: NodeRow) -> Fate {
    if shares, case .repeated(let value) = storage.constants[node],
      common.find(node, repeating: value, of: row.signature)
    {
      return .replaced
    }
    return .constant
  }

  /// Makes a node that reads only constants one itself, if it is small, or repeats one value.
  @inline(never)
  private mutating func fold(_ node: NodeID, _ row: NodeRow, _ inputs: [NodeID]) -> Bool {
    guard folds,
      let values = FoldConstants.repeatedValue(shownBy: row.gate, inputs, in: storage)
        ?? folding.fold(row.gate, row.signature, inputs, in: storage)
    else { return false }
    storage.replace(node, by: NodeRow(storage.intern(Constant()), row.signature, nil, nil))
    storage.constants[node] = values.onlyValue.map { .repeated($0) } ?? values
    return true
  }
}

/// What a compiled graph has in the place of a node that nobody needs. Nothing reads it, and it has no value.
struct Dropped: SourceGate {
  static let name = "dropped"
}
