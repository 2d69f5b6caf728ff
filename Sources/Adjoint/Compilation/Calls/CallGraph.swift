internal import Kernels

/// The kernel calls that compute a graph, each made once, in the order in which they run: what lowering makes of gates,
/// and planning puts into units.
///
/// A call stands at the place in the order of the last node that it computes. A value is named by its node; one that is
/// shown under another shape by the node in whose memory it lies. Scalar gates are not calls: when units are made they
/// become code of the scalar machine.
///
/// It knows no memory, no unit and no worker.
struct CallGraph: Sendable {
  /// One use of a kernel.
  struct Call: Sendable {
    var call: any KernelCall
    /// Nanoseconds, all parts together.
    let cost: Float
    /// Where it stands in the order, and what messages about it name.
    let node: NodeID
    /// What it reads, in the order in which the kernel takes it.
    var operands: [NodeID]
    /// What it writes.
    let results: [NodeID]
    /// For each result the operands whose memory it may take if nothing reads them later.
    let overwritable: [[NodeID]]
    /// What it reads behind its operands.
    var constants: [(values: TensorValues, signature: Signature)] = []
    /// Memory that it alone uses, behind its results; `nil` for none.
    var scratchByteCount: Int?
    /// Of a ``FusedCall`` the nodes of its inner values, by their numbers; empty for other calls.
    var chainNodes: [NodeID] = []
    /// Of a chain the gates whose rows it gathers, by the operand that is their table.
    var gathers: [Int: NodeID] = [:]
    /// The operands, by position, that a loop reads packed behind the others, until ``PackOperands`` adds them.
    var packed: [PackedRead] = []
  }

  /// The nodes of the graph, and behind them those that passes over calls have added.
  private(set) var graph: IntermediateGraph
  private(set) var order: RunOrder
  /// Where the calls are those of a loop's body.
  let loop: LoopOfCalls?
  private(set) var calls: [Call] = []
  /// For each node the call that computes it; empty if there is no call.
  private var callOf: [UInt32] = []
  private static let none = UInt32.max
  /// The nodes whose values reach no memory, of those that are computed.
  private var inner: Set<NodeID> = []
  /// The nodes whose values lie among others in one buffer.
  private(set) var pieces: [NodeID: BufferPiece] = [:]
  /// The panels that are made once for each version of the parameters.
  private(set) var kept: Set<NodeID> = []
  /// The sources that passes have added to a loop's body.
  private(set) var packedSources: [PackedSource] = []

  init(_ graph: IntermediateGraph, order: RunOrder, loop: LoopOfCalls? = nil) {
    (self.graph, self.order, self.loop) = (graph, order, loop)
  }

  /// The call that stands at the place of `node` in the order.
  func call(at node: NodeID) -> Call? {
    guard let number = number(of: node), calls[number].node == node else { return nil }
    return calls[number]
  }

  /// Whether a call computes `node` that stands further behind.
  func isComputedLater(_ node: NodeID) -> Bool { number(of: node).map { calls[$0].node != node } ?? false }

  /// The number of the call that computes `node`.
  func number(of node: NodeID) -> Int? {
    guard !callOf.isEmpty, callOf[node.int] != Self.none else { return nil }
    return Int(callOf[node.int])
  }

  /// Whether the value of a node that is computed reaches no memory.
  func isInner(_ node: NodeID) -> Bool { !inner.isEmpty && inner.contains(node) }

  /// Adds a call behind those so far.
  ///
  /// - Parameter nodes: all that it computes; those without memory are noted by ``keepFromMemory(_:)``.
  mutating func append(_ call: Call, computing nodes: [NodeID]) {
    if callOf.isEmpty { callOf = [UInt32](repeating: Self.none, count: graph.storage.count) }
    for node in nodes { callOf[node.int] = UInt32(calls.count) }
    calls.append(call)
  }

  /// Notes that the value of a node lies among others in one buffer: that of an input is there without a call.
  mutating func place(_ node: NodeID, as piece: BufferPiece) { pieces[node] = piece }

  /// Notes that the value of a node goes through no memory.
  mutating func keepFromMemory(_ node: NodeID) { inner.insert(node) }

  /// The node whose memory the value of `node` lies in: itself, but for one that shows another under another shape.
  func original(of node: NodeID) -> NodeID { graph.storage.original(of: node) }

  // MARK: calls put together

  /// Two calls of which the second alone reads the one result of the first, and the one that does both.
  struct Fusion {
    let first: Int, second: Int
    let call: Call
  }

  /// Puts each of the calls in the place of its two, where the second stands. No call is part of two.
  ///
  /// - Complexity: O(nodes + calls), nothing without fusions.
  mutating func fuse(_ fusions: [Fusion]) {
    if fusions.isEmpty { return }
    var becomes = Array(calls.indices)
    for fusion in fusions {
      keepFromMemory(calls[fusion.first].results[0])
      calls[fusion.second] = fusion.call
      becomes[fusion.first] = fusion.second
    }
    let isFirst = Set(fusions.map(\.first))
    var kept: [Call] = []
    var numbers = [Int](repeating: 0, count: calls.count)
    for number in calls.indices where !isFirst.contains(number) {
      numbers[number] = kept.count
      kept.append(calls[number])
    }
    for node in callOf.indices where callOf[node] != Self.none {
      callOf[node] = UInt32(numbers[becomes[Int(callOf[node])]])
    }
    calls = kept
  }

  // MARK: panels

  /// Where the panels of a matrix come from.
  enum Panels {
    /// A call right before `reader`, which is the first to read them. If they are kept, it runs once for each version
    /// of the parameters.
    case packed(before: NodeID, isKept: Bool)
    /// The program, which has them of a constant.
    case constant(TensorValues)
    /// Whoever runs the loop that these calls are the body of.
    case source
  }

  /// Adds a node for the panels of `matrix`, of which messages speak there.
  mutating func addPanels(of matrix: NodeID, _ packing: PackingPlan, as panels: Panels) -> NodeID {
    let original = original(of: matrix)
    let signature = graph.storage.intern(graph.storage.signature(of: matrix).elementType, [packing.resultCount])
    let gate: GateID, inputs: [NodeID]
    switch panels {
    case .packed: (gate, inputs) = (graph.storage.intern(PackedOperand(packing: packing)), [matrix])
    case .constant: (gate, inputs) = (graph.storage.intern(Constant()), [])
    case .source: (gate, inputs) = (graph.storage.intern(Input()), [])
    }
    let node = graph.storage.append(gate, signature, inputs: inputs)
    graph.origins.append(graph.origins[original.int])
    callOf.append(Self.none)
    switch panels {
    case .packed(let reader, let isKept):
      order.insert(node, before: reader)
      if isKept { kept.insert(node) }
    case .constant(let values):
      graph.storage.constants[node] = values
      order.append(node, like: matrix)
    case .source:
      order.append(node, like: matrix)
      packedSources.append(PackedSource(source: original, panels: node, packing: packing))
    }
    return node
  }

  /// Has a call read `panels` of `matrix`: a product in the place of its right operand, a loop wherever it wants them.
  mutating func read(_ panels: NodeID, of matrix: NodeID, _ packing: PackingPlan, by number: Int) {
    if let product = calls[number].call as? MatmulCall {
      calls[number].call = product.reading(packing)
      calls[number].operands[product.rightOperand] = panels
    }
    for position in calls[number].packed.indices {
      let read = calls[number].packed[position]
      if read.packing == packing, original(of: calls[number].operands[read.operand]) == matrix {
        calls[number].packed[position].panels = panels
      }
    }
  }

  /// Has loops read the panels that have been found for them, behind their other operands.
  mutating func completeLoops() {
    for number in calls.indices where !calls[number].packed.isEmpty {
      calls[number].operands += calls[number].packed.map { read in
        guard let panels = read.panels else { preconditionFailure("a loop reads panels that nothing makes") }
        return panels
      }
      calls[number].packed = []
    }
  }

  /// Puts each of `made` right before one of the calls, by its number.
  ///
  /// - Complexity: O(nodes + calls), nothing if there are none.
  mutating func insert(_ made: [(call: Call, before: Int)]) {
    if made.isEmpty { return }
    let madeBefore = Dictionary(grouping: made) { $0.before }
    var all: [Call] = []
    var numbers = [Int](repeating: 0, count: calls.count)
    for number in calls.indices {
      all += (madeBefore[number] ?? []).map(\.call)
      numbers[number] = all.count
      all.append(calls[number])
    }
    for node in callOf.indices where callOf[node] != Self.none { callOf[node] = UInt32(numbers[Int(callOf[node])]) }
    calls = all
    let isMade = Set(made.map(\.call.node))
    for (number, call) in calls.enumerated() where isMade.contains(call.node) { callOf[call.node.int] = UInt32(number) }
  }

  /// For each of the wanted calls with one result, which no root shows, the one call that reads it.
  ///
  /// - Complexity: O(operands of all calls).
  func soleReaders(of isWanted: (Call) -> Bool) -> [Int: Int] {
    var makers: [NodeID: Int] = [:]
    for (number, call) in calls.enumerated() where call.results.count == 1 && isWanted(call) {
      makers[call.results[0]] = number
    }
    if makers.isEmpty { return [:] }
    for root in graph.roots.all { makers[original(of: root)] = nil }
    var readers: [Int: Int] = [:]
    for (number, call) in calls.enumerated() {
      for operand in call.operands.lazy.map({ original(of: $0) }) {
        guard let maker = makers[operand] else { continue }
        if let other = readers[maker], other != number { makers[operand] = nil }
        readers[maker] = number
      }
    }
    return readers.filter { makers[calls[$0.key].results[0]] == $0.key }
  }
}

extension KernelCall {
  /// For each of so many results the operands whose memory it may take if nothing reads them later.
  func overwritable(of operands: [NodeID], by resultCount: Int) -> [[NodeID]] {
    (0..<resultCount).map { result in
      operands.indices.filter { mayOverwrite(operand: $0, by: result) }.map { operands[$0] }
    }
  }
}
