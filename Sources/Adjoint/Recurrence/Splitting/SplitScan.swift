/// A scan made of what has to go step by step and what need not: for each loop of the state a scan of its own, and
/// every other gate applied once to all steps together, as lanes.
///
/// So the products of a recurrent layer with its inputs are one large product, forward and backward, and so are the
/// gradients of its weights; of a network of several layers each is a loop of its own, which leaves the others' work to
/// other workers. A body with a gate that has no rule for lanes outside of the loops stays whole.
package struct SplitScan {
  /// The most steps whose terms are added up as they are.
  package static let mostPlainSteps = 64  // Decisions/Sums.md

  private let body: ScanBody
  private let graph: Graph
  private let operands: [Node]
  private let split: StateLoops
  /// The values of all steps, of nodes that differ between steps, and the one value of others.
  private var values: [NodeID: Node] = [:]
  private var final: [Int: Node] = [:]
  /// The sums over all steps that are made.
  private var sums: [NodeID: Node] = [:]

  /// What a scan gives.
  struct Results {
    var state: [Node], stacked: [Node], sums: [Node]
  }

  /// Adds to `graph` the results of a scan of `body` with other stacked values and sums, on `operands`.
  ///
  /// - Parameter splits: whether anything is done for all steps together.
  /// - Complexity: O(nodes + edges) of the body.
  static func apply(
    _ body: ScanBody, stacked: [NodeID], sums: [NodeID], to operands: [Node], in graph: Graph, splits: Bool
  ) -> Results {
    guard splits, let loops = StateLoops(body), loops.leavesLanes(body) else {
      return whole(body, stacked: stacked, sums: sums, to: operands, in: graph)
    }
    return apply(loops, of: body, stacked: stacked, sums: sums, to: operands, in: graph)
  }

  private static func apply(
    _ loops: StateLoops, of body: ScanBody, stacked: [NodeID], sums: [NodeID], to operands: [Node], in graph: Graph
  ) -> Results {
    var split = SplitScan(body: body, graph: graph, operands: operands, split: loops)
    for (source, operand) in zip(body.elements + body.invariants, operands.dropFirst(body.state.count)) {
      split.values[source] = operand
    }
    let left = loops.valuesLeaving(body, wanted: stacked + sums)
    for (loop, left) in zip(loops.loops, left) { split.run(loop, left) }
    return Results(
      state: body.state.indices.map { split.final[$0]! }, stacked: stacked.map { split.stack($0) },
      sums: sums.map { split.sum($0) })
  }

  private init(body: ScanBody, graph: Graph, operands: [Node], split: StateLoops) {
    (self.body, self.graph, self.operands, self.split) = (body, graph, operands, split)
  }

  private var storage: GraphStorage { body.graph.storage }

  // MARK: step by step

  /// One scan for all of it; sums grow in its state.
  private static func whole(
    _ body: ScanBody, stacked: [NodeID], sums: [NodeID], to operands: [Node], in graph: Graph
  ) -> Results {
    let (scan, zeros) = body.accumulating(sums, stacked: stacked)
    let initial = zeros.map { graph.constant(0, $0.shape, $0.elementType) }
    let count = body.state.count
    let results = graph.apply(
      scan, to: Array(operands.prefix(count)) + initial + operands.dropFirst(count), at: .unknown)
    let grown = Array(results.dropFirst(count).prefix(zeros.count))
    // What roundings took from sums comes behind them, of those that keep it.
    var lost = grown.dropFirst(sums.count)
    let totals = zip(sums, grown).map { term, sum in
      let type = body.signature(of: term).elementType
      guard body.keepsLoss(of: term) else { return sum.cast(to: type) }
      let total = sum + lost.removeFirst()
      return select(equal(total, total), total, sum).cast(to: type)  // what an infinite sum has lost is NaN
    }
    return Results(
      state: Array(results.prefix(count)), stacked: Array(results.suffix(stacked.count)), sums: totals)
  }

  /// Adds the scan of one loop, which keeps the values `left` of each step.
  private mutating func run(_ loop: StateLoops.Loop, _ left: Set<NodeID>) {
    let state = loop.state.map { body.state[$0] }, next = loop.state.map { body.next[$0] }
    let inside = loop.nodes.union(state)
    var read: Set<NodeID> = Set(next.filter { !inside.contains($0) && split.varies[$0.int] })
    for node in loop.nodes {
      for input in storage.inputs(of: node) where !inside.contains(input) && split.varies[input.int] {
        read.insert(input)
      }
    }
    let stacked = left.sorted(), elements = read.sorted()
    let sequences = elements.map { stack($0) }

    let known = Set(state + elements)
    let reached = Set(storage.nodes(leadingTo: next + stacked, from: known))
    let weights = body.invariants.indices.filter { reached.contains(body.invariants[$0]) }
    var builder = ScanBodyBuilder(from: body.graph)
    let sources = (state + elements).map { builder.addSource(for: $0) }
    let invariants = weights.map { builder.addSource(for: body.invariants[$0]) }
    builder.copy(leadingTo: next + stacked)
    let part = ScanBody(
      builder.graph, state: Array(sources.prefix(state.count)), elements: Array(sources.dropFirst(state.count)),
      invariants: invariants, next: next.map { builder[$0] }, stepCount: body.stepCount, isReversed: body.isReversed)
    let first = body.state.count + body.elements.count
    let results = graph.apply(
      Scan(loop: part, stacked: stacked.map { builder[$0] }),
      to: loop.state.map { operands[$0] } + sequences + weights.map { operands[first + $0] }, at: .unknown)
    for (part, result) in zip(loop.state, results) { final[part] = result }
    for (node, result) in zip(stacked, results.dropFirst(state.count)) { values[node] = result }
  }

  // MARK: all steps together

  /// The values of a node in all steps.
  private mutating func stack(_ node: NodeID) -> Node {
    let value = value(node)
    return split.varies[node.int] ? value : value.broadcast(to: body.stackSignature(of: node).shape)
  }

  /// The same, or its one value.
  private mutating func value(_ node: NodeID) -> Node {
    if let known = values[node] { return known }
    for node in storage.nodes(leadingTo: [node], isGiven: { values[$0] != nil }) {
      let inputs = storage.inputs(of: node)
      let operands = inputs.map { values[$0]! }
      if split.varies[node.int] {
        let lanes = LaneOperands(
          values: operands, hasLanes: inputs.map { split.varies[$0.int] }, count: body.stepCount,
          shape: storage.signature(of: node).shape)
        values[node] = Lanes.apply(storage.gate(of: node), lanes)
      } else {
        values[node] = graph.repeating(node, of: body.graph, on: operands)
      }
    }
    return values[node]!
  }

  /// A sum over all steps that is being made, of those of `terms`.
  private struct Summation {
    let node: NodeID
    let terms: [NodeID]
    /// How many of them have been looked at.
    var count = 0
  }

  /// The sum of a node's values over all steps. A sum of products of matrices is one product of longer ones.
  ///
  /// - Complexity: O(nodes + edges), for all sums together.
  private mutating func sum(_ wanted: NodeID) -> Node {
    // Not by recursion: a chain of sums may be as long as the body.
    var open = [Summation(node: wanted, terms: terms(of: wanted))]
    while var last = open.popLast() {
      if last.count == last.terms.count {
        if sums[last.node] == nil { sums[last.node] = sum(last.node, of: last.terms.map { sums[$0]! }) }
      } else {
        let term = last.terms[last.count]
        last.count += 1
        open.append(last)
        if sums[term] == nil { open.append(Summation(node: term, terms: terms(of: term))) }
      }
    }
    return sums[wanted]!
  }

  /// The nodes whose sums over all steps are all that a node's takes; none if it takes the values of the steps.
  private func terms(of node: NodeID) -> [NodeID] {
    if !split.varies[node.int] || values[node] != nil { return [] }
    switch storage.gate(of: node) {
    case is Accumulate, is Reshape, is Transpose: return Array(storage.inputs(of: node))
    default: return []
    }
  }

  /// The sum of a node's values over all steps, from those of its terms, if it has any.
  private mutating func sum(_ node: NodeID, of terms: [Node]) -> Node {
    guard split.varies[node.int] else { return value(node).computed { $0 * Double(body.stepCount) } }
    let inputs = Array(storage.inputs(of: node))
    switch storage.gate(of: node) {
    case is Accumulate where !terms.isEmpty: return graph.apply(Accumulate(), to: terms)
    case let gate as Reshape where !terms.isEmpty: return terms[0].reshaped(gate.result)
    case let gate as Transpose where !terms.isEmpty: return graph.apply(gate, to: terms)
    case _ where values[node] != nil: break
    case let gate as Sum:
      let all = stack(inputs[0]).sum(axes: [0] + gate.axes.map { $0 + 1 })
      return all.reshaped(storage.signature(of: node).shape)
    case let gate as Matmul where gate.transposeA && !gate.transposeB:
      let factors = inputs.map { stack($0) }
      guard factors.allSatisfy({ $0.shape.rank == 3 }) else { break }
      let long = factors.map { $0.reshaped([$0.shape[0] * $0.shape[1], $0.shape[2]]) }
      return graph.apply(gate, to: long)
    default: break
    }
    return value(node).computed { $0.sum(axes: [0]) }
  }
}

extension StateLoops {
  /// For each loop the values of its steps that anything outside of it reads, or that are among `wanted`.
  ///
  /// - Complexity: O((nodes + edges) of the body).
  fileprivate func valuesLeaving(_ body: ScanBody, wanted: [NodeID]) -> [Set<NodeID>] {
    let storage = body.graph.storage
    var loopOf = [Int?](repeating: nil, count: storage.count)
    for (number, loop) in loops.enumerated() {
      for part in loop.state { loopOf[body.state[part].int] = number }
      for node in loop.nodes { loopOf[node.int] = number }
    }
    var left = [Set<NodeID>](repeating: [], count: loops.count)
    for node in wanted {
      if let loop = loopOf[node.int] { left[loop].insert(node) }
    }
    for index in 0..<storage.count {
      for input in storage.inputs(of: NodeID(index)) {
        if let loop = loopOf[input.int], loop != loopOf[index] { left[loop].insert(input) }
      }
    }
    for (number, loop) in loops.enumerated() {
      for part in loop.state {
        if let other = loopOf[body.next[part].int], other != number { left[other].insert(body.next[part]) }
      }
    }
    return left
  }
}

extension StateLoops {
  /// Whether every gate outside of the loops that differs from step to step can be applied to all steps together.
  fileprivate func leavesLanes(_ body: ScanBody) -> Bool {
    let storage = body.graph.storage
    let inside = loops.reduce(into: Set(body.sources)) { $0.formUnion($1.nodes) }
    return (0..<storage.count).lazy.map { NodeID($0) }.allSatisfy { node in
      if inside.contains(node) || !varies[node.int] { return true }
      switch storage.gate(of: node) {
      case is any ElementwiseGate, is Cast, is Matmul, is Reshape, is Broadcast, is Slice, is Pad, is Transpose, is Sum,
        is Mean, is EuclideanNorm, is MeanSquare, is ScaledNorm, is ScaledMeanSquare, is Accumulate, is Concatenate:
        return true
      default: return false
      }
    }
  }
}

extension ScanBody {
  /// Whether the sum of a value over all steps keeps what its roundings take, so that they do not grow with the steps.
  /// Sums of products are added by the products themselves, in their order.
  fileprivate func keepsLoss(of term: NodeID) -> Bool {
    stepCount > SplitScan.mostPlainSteps && !(graph.storage.gate(of: term) is Matmul)
  }

  /// A scan of this body in whose state `sums` are added up, behind its own parts, and what rounding has taken from
  /// some; and the signatures of all these. They are of types that are computed with.
  fileprivate func accumulating(_ sums: [NodeID], stacked: [NodeID]) -> (scan: Scan, sums: [Signature]) {
    if sums.isEmpty { return (Scan(loop: self, stacked: stacked), []) }
    let losing = sums.filter(keepsLoss)
    var builder = ScanBodyBuilder(from: graph)
    let own = state.map { builder.addSource(for: $0) }
    let grown = sums.map { builder.addUnknownSource(like: $0) }
    let lost = losing.map { builder.addUnknownSource(like: $0) }
    let elements = elements.map { builder.addSource(for: $0) }
    let invariants = invariants.map { builder.addSource(for: $0) }
    builder.copy(leadingTo: next + sums + stacked)
    var losses = lost[...], nextLost: [NodeID] = []
    let added = zip(grown, sums).map { sum, node in
      let term = builder.computed(builder[node])
      if !keepsLoss(of: node) { return builder.apply(Accumulate(), sum, term) }
      let total = builder.apply(Add(), sum, term)
      // The error of the addition, exactly (D. Knuth, The Art of Computer Programming, vol. 2, 4.2.2, theorem B).
      let taken = builder.apply(Subtract(), total, sum)
      let fromSum = builder.apply(Subtract(), sum, builder.apply(Subtract(), total, taken))
      let error = builder.apply(Add(), fromSum, builder.apply(Subtract(), term, taken))
      nextLost.append(builder.apply(Add(), losses.removeFirst(), error))
      return total
    }
    let body = ScanBody(
      builder.graph, state: own + grown + lost, elements: elements, invariants: invariants,
      next: next.map { builder[$0] } + added + nextLost, stepCount: stepCount, isReversed: isReversed)
    let signatures = (sums + losing).map { node in
      Signature(elementType: signature(of: node).elementType.computed, shape: signature(of: node).shape)
    }
    return (Scan(loop: body, stacked: stacked.map { builder[$0] }), signatures)
  }
}

extension ScanBodyBuilder {
  /// A value as elements that are computed with.
  fileprivate mutating func computed(_ node: NodeID) -> NodeID {
    withGraph { graph in
      let type = graph.storage.signature(of: node).elementType
      return type.hasArithmetic ? node : graph.apply(Cast(to: type.computed), node, nil, at: .unknown)
    }
  }

  fileprivate mutating func apply(_ gate: some Gate, _ first: NodeID, _ second: NodeID) -> NodeID {
    withGraph { $0.apply(gate, to: [first, second], at: .unknown) }
  }
}
