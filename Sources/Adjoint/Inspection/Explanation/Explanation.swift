internal import Notation

/// A plan in words, beside the graph that it is for.
///
/// It decides nothing and knows none of the ways in which the compiler comes to a plan: it reads what there is. The
/// parts are in files of their own, in the order of the text.
struct Explanation {
  let plan: ProgramPlan
  let endpoints: Endpoints
  let provenance: Provenance
  let options: Program.Options
  let constants: [Placement.ConstantPlan]
  /// The graph that the plan is for, behind all passes.
  let graph: IntermediateGraph
  let record: CompilationRecord
  let order: RunOrder
  let index: PlanIndex

  init(_ program: Program, _ plan: ProgramPlan, _ graph: IntermediateGraph, _ record: CompilationRecord) {
    self.plan = plan
    (endpoints, provenance, options) = (program.endpoints, program.provenance, program.options)
    constants = program.constants.plans
    (self.graph, self.record) = (graph, record)
    order = RunOrder(graph)
    index = PlanIndex(plan)
  }

  /// - Complexity: O(nodes + edges).
  var text: String {
    let chains = FuseElementwise(graph, order: order, options: options, notesReaders: true)
    let parts = [passes, calls, self.chains(chains), scalarRuns, units, lastingMemory, slots, recomputation]
    return ([head] + parts.map(\.text).filter { !$0.isEmpty }).joined(separator: "\n")
  }

  // MARK: the head

  /// How large the program is.
  private var head: String {
    let count = NumberText.count(_:_:)
    let doors = [
      count(endpoints.inputs.count, "input"), count(endpoints.parameters.count, "parameter"),
      count(endpoints.outputs.count, "output"), count(endpoints.gradients.count, "gradient"),
      count(plan.updates.count, "update"),
    ]
    let all = plan.unitCosts.count, backward = all - plan.forwardUnitCount
    let sizes = [
      count(record.passes.last?.nodeCount ?? 0, "node"), count(plan.calls.count, "call"),
      count(index.runs.count, "scalar run"),
      "\(count(all, "unit")), \(NumberText.grouped(backward)) of them backward",
    ]
    let speeds =
      plan.costs == .nominal ? "" : "; units are sized by speeds that were measured in this process"
    return "program: " + doors.joined(separator: ", ") + "\ncompiled to: " + sizes.joined(separator: ", ")
      + "\ncosts: nominal nanoseconds\(speeds)\n"
  }

  // MARK: rewriting

  private var passes: ExplanationPart {
    var part = ExplanationPart("passes, and the nodes that are computed behind each")
    let width = record.passes.map(\.name.count).max() ?? 0
    for pass in record.passes {
      part.add(
        pass.name + String(repeating: " ", count: width - pass.name.count)
          + "  \(NumberText.grouped(pass.nodeCount))")
    }
    return part
  }

  private var recomputation: ExplanationPart {
    var part = ExplanationPart("fences, and what is computed again")
    for (node, unit) in fences {
      part.add("everything before unit \(unit) has ended before it begins: \(provenance.label(of: node))")
    }
    for (pass, origins) in record.recomputed {
      part.add(
        "\(pass) computes \(NumberText.count(origins.count, "node")) again: "
          + ExplanationText.list(origins.lazy.map { provenance.names.name(of: $0) }, of: origins.count))
    }
    return part
  }

  /// The nodes right behind the fences, in the order in which they run, and the first units behind each.
  private var fences: [(node: NodeID, unit: Int)] {
    if graph.fences.isEmpty { return [] }
    var unitOfNode = [Int](repeating: .max, count: graph.storage.count)
    for unit in plan.unitCosts.indices {
      for step in plan.steps[plan.steps(of: unit)] {
        for node in nodes(of: step) where node.int < unitOfNode.count {
          unitOfNode[node.int] = min(unitOfNode[node.int], unit)
        }
      }
    }
    var found: [(node: NodeID, unit: Int)] = []
    for node in order {
      if graph.fences.contains(node) { found.append((node, .max)) }
      // What only shows another value has no unit.
      if let last = found.indices.last { found[last].unit = min(found[last].unit, unitOfNode[node.int]) }
    }
    return found.filter { $0.unit != .max }
  }

  /// The nodes whose values a step computes.
  private func nodes(of step: Step) -> [NodeID] {
    switch step.work {
    case .scalars(let run): provenance.nodes(of: run)
    case .kernel(let call, _): (plan.chainNodes[call] ?? []) + [step.node]
    case .contribute: []
    }
  }
}

extension Explanation {
  /// What lies at a place, for the user: the name of the node whose value it is.
  func name(at place: Placement.Place) -> String {
    if place == .none { return "\(place)" }
    if let output = endpoints.upstreams.firstIndex(where: { $0?.place == place }) {
      return "upstream of \(provenance.names.name(of: endpoints.outputs[output]))"
    }
    let node = place.isBuffer ? plan.placement.buffers[place.index].node : provenance.node(atSlot: place)
    return node.map { provenance.name(of: $0) } ?? "\(place)"
  }
}
