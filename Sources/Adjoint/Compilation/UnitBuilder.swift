internal import DependencyScheduling
internal import Kernels

/// Orders the nodes, turns them into steps and groups the steps into units.
///
/// The order is that of construction, forward nodes before backward ones: it is topological, and since the backward
/// nodes were made in reversed dependency order, so do they run. A unit is a contiguous range of it; contiguous ranges
/// of one topological order always form an acyclic quotient, so grouping is safe and linear. A node worth a unit by
/// itself shares with nobody, so that a cheap node on the critical path does not wait behind an expensive one.
struct UnitBuilder {
  private let graph: IntermediateGraph
  private let accumulation: Accumulation
  private let unitWork: Float
  private var plan: ProgramPlan

  private var unitOf: [UInt32]
  private static let noUnit = UInt32.max
  /// How many units from this one on make the parts of one value.
  private var partCounts: [UInt32: UInt32] = [:]
  private var openCost: Float = 0
  private var scalars = ScalarRuns()
  private var edges: [(from: UInt32, to: UInt32)] = []
  private var lastReader: [UInt32] = []
  /// Arrival order: for each contribution, the accumulators that wait for it.
  private var waiting: [NodeID: [Int]] = [:]
  private var accumulatorOf: [NodeID: Int] = [:]
  private var operandSignatures: [Signature] = []

  static func build(_ graph: IntermediateGraph, outputCount: Int, options: Program.Options) -> ProgramPlan {
    let accumulation = options.accumulation
    var builder = UnitBuilder(graph, options)
    let isForward = DropUnused.usedNodes(of: graph.storage, roots: graph.roots.prefix(outputCount))
    let isUsed = DropUnused.usedNodes(of: graph.storage, roots: graph.roots)
    if accumulation == .arrivalOrder { builder.findAccumulators(isUsed) }
    for index in 0..<graph.storage.count where isForward[index] { builder.add(NodeID(index), isForward) }
    builder.closeUnit()
    builder.plan.forwardUnitCount = builder.plan.unitCosts.count
    for index in 0..<graph.storage.count where isUsed[index] && !isForward[index] {
      builder.add(NodeID(index), isForward)
    }
    builder.closeUnit()
    builder.freeze()
    builder.plan._checkInvariants(graph)
    return builder.plan
  }

  private init(_ graph: IntermediateGraph, _ options: Program.Options) {
    self.graph = graph
    accumulation = options.accumulation
    unitWork = options.unitWork
    plan = ProgramPlan(placement: Placement(graph))
    unitOf = [UInt32](repeating: Self.noUnit, count: graph.storage.count)
  }

  // MARK: nodes to steps

  private mutating func add(_ node: NodeID, _ isForward: [Bool]) {
    let storage = graph.storage
    let traits = storage.traits(of: node)
    let inputs = storage.inputRange(of: node)
    if case .alias = traits.kernel.form {
      unitOf[node.int] = unitOf[storage.inputColumn[inputs.lowerBound].int]
    } else if traits.source == nil {
      if case .accumulate = traits.kernel.form, accumulation == .arrivalOrder {
        addJoin(node, isForward)
      } else {
        addComputation(node, traits.kernel, inputs)
      }
    }
    for accumulator in waiting[node] ?? [] {
      let sum = plan.accumulators[accumulator].node
      if isForward[sum.int] == isForward[node.int] { addContribution(of: node, to: accumulator) }
    }
  }

  private mutating func addComputation(_ node: NodeID, _ kernel: Kernel, _ inputs: Range<Int>) {
    let place = plan.placement.places[node.int]
    if !place.isBuffer, let operation = ScalarRuns.operation(of: kernel) {
      makeRoom(for: CostModel.scalarGate(kernel))
      depend(node, on: inputs)
      if let step = scalars.add(operation, node, in: graph.storage, plan.placement) { plan.steps.append(step) }
    } else {
      operandSignatures.removeAll(keepingCapacity: true)
      for position in inputs {
        operandSignatures.append(graph.storage.signature(of: graph.storage.inputColumn[position]))
      }
      let result = graph.storage.signature(of: node)
      let cost = CostModel.cost(of: kernel, result: result, operands: operandSignatures)
      let call = KernelCall(kernel, result: result, operands: operandSignatures)
      let parts = call.parts(min(Int(cost / CostModel.part), CostModel.mostParts))
      if parts.count > 1 {
        addParts(parts, of: call, node, inputs, place, cost: cost / Float(parts.count))
      } else {
        makeRoom(for: cost)
        depend(node, on: inputs)
        addStep(.kernel(call, 0..<call.extent), node, operands: graph.storage.inputColumn[inputs], output: place)
        plan.steps[plan.steps.count - 1].overwritable = overwritable(call, inputs, result, place)
      }
    }
    if openCost >= unitWork { closeUnit() }
  }

  /// A node whose work is worth several units: each computes a part of the result, in memory that a unit before them
  /// takes, unless the result has a lasting place.
  private mutating func addParts(
    _ parts: [Range<Int>], of call: KernelCall, _ node: NodeID, _ inputs: Range<Int>, _ place: Placement.Place,
    cost: Float
  ) {
    closeUnit()
    var opener: UInt32?
    if place.isBuffer, plan.placement.buffers[place.index].lifetime == .transient {
      openCost = CostModel.opening
      depend(node, on: inputs)
      opener = openUnit
      addStep(.open, node, operands: [], output: place)
      closeUnit()
    }
    let first = openUnit
    for part in parts {
      openCost = cost
      if let opener { addEdge(from: opener) } else { depend(node, on: inputs) }
      addStep(.kernel(call, part), node, operands: graph.storage.inputColumn[inputs], output: place)
      closeUnit()
    }
    unitOf[node.int] = first
    partCounts[first] = UInt32(parts.count)
  }

  /// Makes a step of the scalar gates gathered since the last one.
  private mutating func closeRun() {
    if let step = scalars.close(plan.placement) { plan.steps.append(step) }
  }

  private mutating func addStep(
    _ work: Step.Work, _ node: NodeID, operands: some Collection<NodeID>, output: Placement.Place
  ) {
    closeRun()
    let start = plan.operands.count
    for operand in operands {
      let place = plan.placement.places[operand.int]
      plan.operands.append(place)
      if place.isBuffer { plan.placement.buffers[place.index].readers += 1 }
    }
    plan.steps.append(Step(work: work, node: node, operands: start..<plan.operands.count, output: output))
  }

  private func overwritable(
    _ call: KernelCall, _ inputs: Range<Int>, _ result: Signature, _ place: Placement.Place
  ) -> UInt32 {
    guard place.isBuffer, plan.placement.buffers[place.index].lifetime == .transient else { return 0 }
    var mask: UInt32 = 0
    for (position, input) in inputs.prefix(32).enumerated() {
      let operand = plan.placement.places[graph.storage.inputColumn[input].int]
      guard operand.isBuffer, plan.placement.buffers[operand.index].lifetime == .transient else { continue }
      if call.mayOverwrite(operand: position, of: operandSignatures, result: result) { mask |= 1 << position }
    }
    return mask
  }

  // MARK: accumulation in arrival order

  private mutating func findAccumulators(_ isUsed: [Bool]) {
    for index in 0..<graph.storage.count where isUsed[index] {
      let node = NodeID(index)
      guard case .accumulate = graph.storage.traits(of: node).kernel.form else { continue }
      let inputs = graph.storage.inputs(of: node)
      for input in inputs { waiting[input, default: []].append(plan.accumulators.count) }
      accumulatorOf[node] = plan.accumulators.count
      plan.accumulators.append(
        AccumulatorPlan(
          node: node, place: plan.placement.places[index], signature: graph.storage.signature(of: node)))
    }
  }

  /// Adds one contribution right behind its producer, in the same unit where that is still open.
  private mutating func addContribution(of node: NodeID, to accumulator: Int) {
    let target = plan.accumulators[accumulator]
    makeRoom(for: CostModel.cost(of: Accumulate().kernel, result: target.signature, operands: [target.signature]))
    depend(on: node)
    addStep(.contribute(accumulator: accumulator), target.node, operands: [node], output: target.place)
    plan.accumulators[accumulator].units.append(openUnit)
    if openCost >= unitWork { closeUnit() }
  }

  /// The accumulate node itself: what reads the sum waits for the unit that waits for all contributions.
  private mutating func addJoin(_ node: NodeID, _ isForward: [Bool]) {
    guard let accumulator = accumulatorOf[node] else { return }
    for input in graph.storage.inputs(of: node) where isForward[input.int] != isForward[node.int] {
      addContribution(of: input, to: accumulator)
    }
    unitOf[node.int] = openUnit
    for unit in plan.accumulators[accumulator].units { addEdge(from: unit) }
    plan.accumulators[accumulator].units = []
  }

  // MARK: units

  private var openUnit: UInt32 { UInt32(plan.unitCosts.count) }

  /// Closes the open unit if `cost` deserves a unit of its own.
  private mutating func makeRoom(for cost: Float) {
    if cost >= unitWork { closeUnit() }
    openCost += cost
  }

  private mutating func closeUnit() {
    closeRun()
    guard plan.steps.count > plan.unitStarts.last! || openCost > 0 else { return }
    plan.unitStarts.append(plan.steps.count)
    plan.unitCosts.append(openCost)
    openCost = 0
  }

  private mutating func depend(_ node: NodeID, on inputs: Range<Int>) {
    unitOf[node.int] = openUnit
    for position in inputs { depend(on: graph.storage.inputColumn[position]) }
  }

  private mutating func depend(on node: NodeID) {
    let maker = unitOf[node.int]
    guard maker != Self.noUnit else { return }
    for part in 0..<(partCounts[maker] ?? 1) { addEdge(from: maker + part) }
  }

  /// An edge to the open unit, once.
  private mutating func addEdge(from unit: UInt32) {
    guard unit != openUnit else { return }
    while lastReader.count <= Int(unit) { lastReader.append(Self.noUnit) }
    guard lastReader[Int(unit)] != openUnit else { return }
    lastReader[Int(unit)] = openUnit
    edges.append((unit, openUnit))
  }

  private mutating func freeze() {
    plan.instructions = scalars.instructions
    plan.instructionNodes = scalars.nodes
    let split = UInt32(plan.forwardUnitCount)
    let all = UInt32(plan.unitCosts.count)
    plan.forward = schedule(0..<split)
    plan.backward = schedule(split..<all)
    plan.step = schedule(0..<all)
  }

  /// The schedule of a range of units, renumbered from 0, with the edges that lie within it.
  private func schedule(_ units: Range<UInt32>) -> Schedule {
    let within = edges.filter { units.contains($0.from) && units.contains($0.to) }
    var offsets = [UInt32](repeating: 0, count: units.count + 1)
    for edge in within { offsets[Int(edge.from - units.lowerBound) + 1] += 1 }
    for unit in 0..<units.count { offsets[unit + 1] += offsets[unit] }
    var next = offsets
    var successors = [UInt32](repeating: 0, count: within.count)
    for edge in within {
      let from = Int(edge.from - units.lowerBound)
      successors[Int(next[from])] = edge.to - units.lowerBound
      next[from] += 1
    }
    let costs = Array(plan.unitCosts[Int(units.lowerBound)..<Int(units.upperBound)])
    return Schedule(successorOffsets: offsets, successors: successors, costs: costs)
  }
}
