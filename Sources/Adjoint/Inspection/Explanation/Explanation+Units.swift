internal import DependencyScheduling

/// Units of work: what planning made of calls and scalar runs.
extension Explanation {
  var units: ExplanationPart {
    var part = ExplanationPart("units, and what each waits for")
    let order = UnitOrder(plan.step)
    for unit in plan.unitCosts.indices { part.add(text(ofUnit: unit, order)) }
    return part
  }

  private func text(ofUnit unit: Int, _ order: UnitOrder) -> String {
    let pass = unit < plan.forwardUnitCount ? "forward" : "backward"
    let cost = nominalCost(ofUnit: unit).map { ", \(ExplanationText.nanoseconds($0))" } ?? ""
    let before = order.predecessors(of: unit).sorted()
    let waits = before.isEmpty ? "waits for nothing" : "waits for " + ExplanationText.ranges(before)
    let work = work(of: unit)
    return "unit \(unit), \(pass)\(cost), \(waits): "
      + (work.isEmpty
        ? "nothing, so that others wait for one unit instead of these" : ExplanationText.list(work, of: work.count))
  }

  /// The steps of a unit, whole calls that follow one another as a range.
  private func work(of unit: Int) -> [String] {
    var texts: [String] = []
    var whole: Range<Int>?
    func end() {
      if let calls = whole { texts.append(calls.count == 1 ? "call \(calls.lowerBound)" : "calls \(calls)") }
      whole = nil
    }
    for number in plan.steps(of: unit) {
      switch plan.steps[number].work {
      case .kernel(let call, _) where index.calls[call].units.count == 1:
        if whole?.upperBound != call { end() }
        whole = (whole?.lowerBound ?? call)..<call + 1
      case .kernel(let call, let range):
        end()
        texts.append("\(range) of \(plan.calls[call].extent) of call \(call)")
      case .scalars:
        end()
        texts.append("scalar run \(index.runOfStep[number]!)")
      case .contribute(let accumulator):
        end()
        texts.append("a contribution to \(provenance.name(of: plan.accumulators[accumulator].node))")
      }
    }
    end()
    return texts
  }

  /// What a unit takes by nominal speeds; `nil` if one of its calls does not say.
  func nominalCost(ofUnit unit: Int) -> Float? {
    var sum: Float = 0
    for step in plan.steps[plan.steps(of: unit)] {
      switch step.work {
      case .scalars(let run): sum += nominalCost(of: run)
      case .kernel(let call, _):
        guard let cost = nominalCost(ofCall: call) else { return nil }
        sum += cost / Float(index.calls[call].units.count)
      case .contribute(let accumulator):
        let signature = plan.accumulators[accumulator].signature
        sum += AccumulateCall(CallShapes(result: signature, operands: [signature])).cost(at: .nominal)
      }
    }
    return sum
  }

  /// A slot without a node is a partial sum.
  private func nominalCost(of run: ScalarRun) -> Float {
    run.slots.reduce(0) { sum, slot in
      guard let node = provenance.node(atSlot: .slot(slot, run.type)), node.int < graph.storage.count else {
        return sum + CostModel.scalarGate(Kernel(.accumulate))
      }
      return sum + graph.storage.brief(of: node).scalarCost
    }
  }
}
