internal import Kernels

/// The kernel calls that compute a graph, each made once, in the order in which they run: what lowering makes of gates,
/// and planning puts into units.
///
/// A call stands at the place in the order of the last node that it computes. Values go by the node that they are: one
/// under another shape by the node whose memory it is. Scalars are no calls, for they become code of a machine of their
/// own when units are made.
///
/// It knows no memory, no unit and no worker.
struct CallGraph: Sendable {
  /// One use of a kernel.
  struct Call: Sendable {
    let call: any KernelCall
    /// Nanoseconds, all parts together.
    let cost: Float
    /// Where it stands in the order, and what messages about it name.
    let node: NodeID
    /// What it reads, in the order in which the kernel takes it.
    let operands: [NodeID]
    /// What it writes.
    let results: [NodeID]
    /// For each result the operands whose memory it may take if nothing reads them later.
    let overwritable: [[NodeID]]
    /// What it reads behind its operands.
    var constants: [(values: TensorValues, signature: Signature)] = []
    /// Memory that it alone uses, behind its results; `nil` for none.
    var scratchByteCount: Int?
    /// Of a chain the node of each operation; empty for other calls.
    var chainNodes: [NodeID] = []
    /// Of a chain the gates whose rows it gathers, by the operand that is their table.
    var gathers: [Int: NodeID] = [:]
  }

  let graph: IntermediateGraph
  let order: RunOrder
  private(set) var calls: [Call] = []
  /// For each node the call that computes it; empty if there is no call.
  private var callOf: [UInt32] = []
  private static let none = UInt32.max
  /// The nodes whose values reach no memory, of those that are computed.
  private var inner: Set<NodeID> = []

  init(_ graph: IntermediateGraph, order: RunOrder) { (self.graph, self.order) = (graph, order) }

  /// The call that stands at the place of `node` in the order.
  func call(at node: NodeID) -> Call? {
    guard let number = number(of: node), calls[number].node == node else { return nil }
    return calls[number]
  }

  /// Whether a call computes `node` that stands further behind.
  func isComputedLater(_ node: NodeID) -> Bool { number(of: node).map { calls[$0].node != node } ?? false }

  private func number(of node: NodeID) -> Int? {
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

  /// Notes that the value of a node goes through no memory.
  mutating func keepFromMemory(_ node: NodeID) { inner.insert(node) }

  /// The node whose memory the value of `node` lies in: itself, but for one that shows another under another shape.
  func original(of node: NodeID) -> NodeID { graph.storage.original(of: node) }
}

extension CallGraph {
  /// What is wrong with the calls, if something is: a call reads what is not there yet or reaches no memory, two write
  /// one value, or nothing computes a root.
  ///
  /// - Complexity: O(operands and results of all calls).
  var violation: String? {
    var written: Set<NodeID> = []
    /// Whether the value of a node is there without a call, or by one so far.
    func isThere(_ node: NodeID) -> Bool {
      let (storage, node) = (graph.storage, original(of: node))
      if storage.brief(of: node).source != nil || storage.isScalarGate(node) || written.contains(node) { return true }
      if case .accumulate = storage.traits(of: node).kernel.form { return number(of: node) == nil }
      return false
    }
    for (number, call) in calls.enumerated() {
      for operand in call.operands {
        if isInner(operand) { return "call \(number), \(call.call), reads \(operand), which reaches no memory" }
        if !isThere(operand) { return "call \(number), \(call.call), reads \(operand), which is not there yet" }
      }
      for result in call.results where !written.insert(result).inserted {
        return "\(result) is written twice, then by call \(number), \(call.call)"
      }
      if call.overwritable.count != call.results.count { return "call \(number) does not say what it may overwrite" }
    }
    return graph.roots.all.first { !isThere($0) || isInner($0) }.map { "nothing computes \($0), or into no memory" }
  }

  /// The check that lowering goes through in debug builds.
  func _checkInvariants() {
    #if DEBUG
      if let violation { preconditionFailure(violation) }
    #endif
  }
}

extension CallGraph: CustomStringConvertible {
  /// A line for each call: `call 0, matmul of 4, 260 ns, at node 7: node 2, node 5 -> node 7`.
  var description: String {
    calls.enumerated().map { number, call in
      func list(_ nodes: [NodeID]) -> String { nodes.map { "\($0)" }.joined(separator: ", ") }
      let cost = Int(call.cost.rounded())
      return
        "call \(number), \(call.call), \(cost) ns, at \(call.node): \(list(call.operands)) -> \(list(call.results))"
    }.joined(separator: "\n")
  }
}

extension GraphStorage {
  /// The node whose memory the value of `node` lies in: itself, but for one that shows another under another shape.
  func original(of node: NodeID) -> NodeID {
    var node = node
    while case .alias = traits(of: node).kernel.form { node = inputs(of: node).first! }
    return node
  }
}
