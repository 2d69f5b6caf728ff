internal import Notation

/// Kernel calls, the chains among them, and scalar runs: what lowering made.
extension Explanation {
  var calls: ExplanationPart {
    var part = ExplanationPart("calls, in order")
    for number in index.calls.indices { part.add(text(ofCall: number)) }
    return part
  }

  private func text(ofCall number: Int) -> String {
    let (call, use) = (plan.calls[number], index.calls[number])
    let cost = nominalCost(ofCall: number).map { ", \(ExplanationText.nanoseconds($0))" } ?? ""
    let units =
      use.units.count == 1
      ? "unit \(use.units.lowerBound)" : "in \(use.units.count) parts by units \(use.units)"
    var lines = ["call \(number): \(call)\(cost), \(units): \(gates(ofCall: number))"]
    let reads = use.operands.map { "\(name(at: $0))\(signature(at: $0)) in \($0)" }
    let writes = use.results.map { "\($0)\(signature(at: $0))" + overwritten(by: $0, use) }
    if !reads.isEmpty { lines.append("reads " + ExplanationText.list(reads, of: reads.count)) }
    lines.append("writes " + ExplanationText.list(writes, of: writes.count))
    if let loop = call as? LoopPlan { lines += texts(of: loop) }
    return lines.joined(separator: "\n    ")
  }

  /// The gates that a call stands for.
  private func gates(ofCall number: Int) -> String {
    guard let chain = plan.chainNodes[number] else { return provenance.label(of: index.calls[number].node) }
    var seen: Set<NodeID> = []
    let nodes = (chain + [index.calls[number].node]).filter { seen.insert($0).inserted }
    return ExplanationText.list(nodes.lazy.map { provenance.label(of: $0) }, of: nodes.count)
  }

  /// What lies in a buffer; a slot of a slab says its type itself.
  private func signature(at place: Placement.Place) -> String {
    place.isBuffer && place != .none ? " \(plan.placement.buffers[place.index].signature)" : ""
  }

  /// The operand whose memory a result takes over.
  private func overwritten(by result: Placement.Place, _ use: PlanIndex.Call) -> String {
    guard plan.placement.isTransient(result) else { return "" }
    let memory = plan.memory(of: result)
    let operand = use.operands.first { operand in
      plan.placement.isTransient(operand) && plan.memory(of: operand).slot == memory.slot
        && plan.memory(of: operand).bytes.overlaps(memory.bytes)
    }
    return operand.map { " over \($0)" } ?? ""
  }

  /// The body of a loop, whose calls one worker runs in order.
  private func texts(of loop: LoopPlan) -> [String] {
    let steps = loop.plan.steps.map { step in
      switch step.work {
      case .kernel(let call, _): "\(loop.plan.calls[call]) (\(loop.name(of: step.node)))"
      case .scalars(let run): NumberText.count(run.slots.count, "scalar gate")
      case .contribute: "\(step)"
      }
    }
    return [
      "each of \(NumberText.count(loop.stepCount, "step")): " + ExplanationText.list(steps, of: steps.count)
    ]
  }

  /// What a call takes by nominal speeds; `nil` of a loop whose own plan was sized by measured ones.
  func nominalCost(ofCall number: Int) -> Float? {
    let (call, node) = (plan.calls[number], index.calls[number].node)
    if let loop = call as? LoopPlan, loop.plan.costs != .nominal { return nil }
    // A chain is named after its last gate, whose own cost is not the chain's.
    if plan.chainNodes[number] != nil || node.int >= graph.storage.count { return call.cost(at: .nominal) }
    return graph.storage.statedCost(of: node, graph.storage.traits(of: node).kernel) ?? call.cost(at: .nominal)
  }

  // MARK: chains

  func chains(_ fused: FuseElementwise) -> ExplanationPart {
    var part = ExplanationPart("chains of elementwise gates, and what ended each")
    if plan.chainNodes.isEmpty { return part }
    let readerCounts = readerCounts(of: fused)
    let roots = Set(graph.roots.all)
    for (number, use) in index.calls.enumerated() where plan.chainNodes[number] != nil {
      part.add(text(ofChain: fused.chain(of: use.node), call: number, fused, readerCounts, roots))
    }
    return part
  }

  private func text(
    ofChain chain: UInt32, call: Int, _ fused: FuseElementwise, _ readerCounts: [UInt32: Int], _ roots: Set<NodeID>
  ) -> String {
    if chain == FuseElementwise.none { return "call \(call)" }
    let gates = fused.chains[Int(chain)]
    let inner = gates.count { fused.isInner($0) }
    var text = "call \(call), \(NumberText.count(gates.count, "gate")), \(inner) of them in no memory: "
    if let (reason, node) = fused.end(of: chain, in: graph.storage, order: order, options: options) {
      text += reason.text(provenance.label(of: node))
      let others = (readerCounts[chain] ?? 1) - 1
      if reason != .reduction, others > 0 {
        text += "; \(NumberText.count(others, "more gate")) read\(others == 1 ? "s" : "") it"
      }
    } else if let last = gates.last(where: roots.contains) {
      text += "nothing reads it further: \(provenance.label(of: last)) is \(purpose(of: last))"
    } else {
      text += "nothing reads it further"
    }
    return text
  }

  /// For each chain how many nodes outside read it.
  private func readerCounts(of fused: FuseElementwise) -> [UInt32: Int] {
    var counts: [UInt32: Int] = [:]
    for node in order {
      var seen: [UInt32] = []
      for input in graph.storage.inputs(of: node) {
        let chain = fused.chain(of: input)
        if chain == FuseElementwise.none || chain == fused.chain(of: node) || seen.contains(chain) { continue }
        seen.append(chain)
        counts[chain, default: 0] += 1
      }
    }
    return counts
  }

  private func purpose(of root: NodeID) -> String {
    if graph.roots.results.contains(root) { return "an output" }
    return graph.roots.gradients.contains(root) ? "a gradient" : "the next value of a parameter"
  }

  // MARK: scalars

  var scalarRuns: ExplanationPart {
    var part = ExplanationPart("scalar runs")
    for (number, (run, unit)) in index.runs.enumerated() {
      part.add("run \(number), unit \(unit), \(run): \(gates(of: run))")
    }
    return part
  }

  /// The gates of a run in the order in which they are computed; partial sums have no name.
  private func gates(of run: ScalarRun) -> String {
    let names = run.slots.lazy.map { slot in
      provenance.node(atSlot: .slot(slot, run.type)).map { provenance.label(of: $0) } ?? "a partial sum"
    }
    return ExplanationText.list(names, of: run.slots.count)
  }
}

extension ChainEnd {
  /// What has ended a chain, where `node` was the first gate to read it from outside.
  fileprivate func text(_ node: String) -> String {
    switch self {
    case .reduction: "it ends in the reduction \(node)"
    case .limit: "with \(node) it would be over the limit"
    case .otherShape: "the shape changes with \(node)"
    case .otherPass: "the backward pass reads it: \(node)"
    case .fence: "a fence lies before \(node)"
    case .layout: "another layout of it begins a chain: \(node)"
    case .gathering: "rows are gathered by \(node)"
    case .noElementwiseGate: "no chain takes in its reader \(node)"
    }
  }
}
