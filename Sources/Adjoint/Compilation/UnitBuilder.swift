internal import DependencyScheduling
internal import Kernels

/// Orders the nodes, turns them into steps and groups the steps into units.
///
/// The order is that of construction, forward nodes before backward ones: it is topological, and since the backward
/// nodes were made in reversed dependency order, so do they run. A unit is a contiguous range of it; contiguous ranges
/// of one topological order always form an acyclic quotient, so grouping is safe and linear. A node worth a unit by
/// itself shares with nobody, so that a cheap node on the critical path does not wait behind an expensive one.
struct UnitBuilder: ~Copyable {
  private let graph: IntermediateGraph
  private let accumulation: Accumulation
  private let unitWork: Float
  private let costs: CostModel
  private var plan: ProgramPlan

  private let fused: FuseElementwise
  /// All nodes that are computed, forward ones first.
  private let order: [NodeID]
  private let isForward: [Bool]
  private var reuse: BufferReuse
  /// The buffers that nothing reads after a node, by where the node stands in the order.
  private var releases: [Int: [UInt32]] = [:]
  private var lastRead: [Int] = []
  /// Where the order has been worked up to.
  private var position = 0
  private var unitOf: Column<UInt32>
  private static let noUnit = UInt32.max
  /// How many units from this one on make the parts of one value.
  private var partCounts: [UInt32: UInt32] = [:]
  private var openCost: Float = 0
  private var scalars = ScalarRuns()
  private var edges: [(from: UInt32, to: UInt32)] = []
  private var lastReader = Column<UInt32>()
  /// Arrival order: for each contribution, the accumulators that wait for it.
  private var waiting: [NodeID: [Int]] = [:]
  private var accumulatorOf: [NodeID: Int] = [:]
  private var operandSignatures: [Signature] = []

  static func build(_ graph: IntermediateGraph, outputCount: Int, options: Program.Options) -> Result {
    var builder = UnitBuilder(graph, outputCount: outputCount, options)
    if options.accumulation == .arrivalOrder { builder.findAccumulators() }
    builder.findLastReaders()
    var isForward = true
    for position in builder.order.indices {
      let node = builder.order[position]
      if isForward, !builder.isForward[node.int] {
        builder.endForward()
        isForward = false
      }
      builder.position = position
      builder.add(node)
      if !builder.releases.isEmpty {
        for buffer in builder.releases[position] ?? [] { builder.reuse.release(buffer) }
      }
    }
    builder.closeUnit()
    if isForward { builder.endForward() }
    builder.freeze()
    let places = builder.plan.placement.removePlaces()
    return Result(
      plan: builder.plan, places: places, scalarNodes: builder.scalars.nodes.array(),
      scalarNodeEnds: builder.scalars.nodeEnds)
  }

  /// A plan, and what was worked out with it that only messages need.
  struct Result {
    let plan: ProgramPlan
    /// The place of each node.
    let places: [Placement.Place]
    /// The nodes of each step of scalars, one step after the other, and where those of each end.
    let scalarNodes: [NodeID]
    let scalarNodeEnds: [Int]
  }

  private init(_ graph: IntermediateGraph, outputCount: Int, _ options: Program.Options) {
    self.graph = graph
    accumulation = options.accumulation
    unitWork = options.unitWork
    costs = options.measuresCosts ? .measured : .nominal
    let storage = graph.storage
    let isForward = DropUnused.usedNodes(of: storage, roots: graph.roots.prefix(outputCount))
    let isUsed = DropUnused.usedNodes(of: storage, roots: graph.roots)
    var order: [NodeID] = []
    order.reserveCapacity(storage.count)
    for index in 0..<storage.count where isForward[index] { order.append(NodeID(index)) }
    for index in 0..<storage.count where isUsed[index] && !isForward[index] { order.append(NodeID(index)) }
    fused = FuseElementwise(storage, order: order, isForward: isForward, roots: graph.roots, options: options)
    self.order = order
    self.isForward = isForward
    plan = ProgramPlan(placement: Placement(graph, isInner: fused.isInner), costs: costs)
    reuse = BufferReuse(isOn: options.reusesBuffers)
    unitOf = Column(repeating: Self.noUnit, count: storage.count)
  }

  private mutating func endForward() {
    closeUnit()
    plan.forwardUnitCount = plan.unitCosts.count
    plan.forwardSlotCount = reuse.slots.count
    plan.forwardOperandCount = plan.operands.count
  }

  // MARK: nodes to steps

  private mutating func add(_ node: NodeID) {
    let brief = graph.storage.brief(of: node)
    if let operation = brief.scalarOperation, plan.placement.places[node.int].isAwaited {
      addScalar(operation, node, cost: brief.scalarCost)
    } else if fused.chainOf[node.int] != FuseElementwise.none {
      let gates = fused.chains[Int(fused.chainOf[node.int])]
      if gates.last == node { addChain(gates) }
      return
    } else if brief.source == nil {
      addOther(node)
    }
    if accumulation == .arrivalOrder { addContributions(of: node) }
  }

  private mutating func addScalar(_ operation: ElementwiseOperation, _ node: NodeID, cost: Float) {
    let inputs = graph.storage.inputRange(of: node)
    makeRoom(for: cost * Float(max(1, inputs.count - 2)))  // an accumulate node adds one after the other
    depend(node, on: inputs)
    let type: ElementType = plan.placement.places[node.int].isDoubleSlot ? .float64 : .float32
    if scalars.mustClose(before: type) { closeRun() }
    scalars.add(operation, node, type, inputs: inputs, of: graph.storage.inputColumn, &plan.placement)
    if openCost >= unitWork * CostModel.scalarUnits { closeUnit() }
  }

  private mutating func addOther(_ node: NodeID) {
    let traits = graph.storage.traits(of: node)
    let inputs = graph.storage.inputRange(of: node)
    if case .alias = traits.kernel.form {
      let original = graph.storage.inputColumn[inputs.lowerBound]
      if plan.placement.places[original.int].isAwaited { closeRun() }
      plan.placement.settle(node, with: original)
      unitOf[node.int] = unitOf[original.int]
    } else if case .accumulate = traits.kernel.form, accumulation == .arrivalOrder {
      addJoin(node)
    } else {
      addKernel(node, traits.kernel, inputs)
    }
  }

  private mutating func addKernel(_ node: NodeID, _ kernel: Kernel, _ inputs: Range<Int>) {
    let operands = graph.storage.inputColumn[inputs]
    operandSignatures.removeAll(keepingCapacity: true)
    for operand in operands { operandSignatures.append(graph.storage.signature(of: operand)) }
    let result = graph.storage.signature(of: node)
    let cost = costs.cost(of: kernel, result: result, operands: operandSignatures)
    let call = KernelCall(kernel, result: result, operands: operandSignatures)
    let overwritable = operands.indices.filter {
      call.mayOverwrite(operand: $0 - operands.startIndex, of: operandSignatures, result: result)
    }
    addCall(call, cost: cost, node, operands: Array(operands), results: [node]) { _ in overwritable.map { operands[$0] }
    }
  }

  private mutating func addChain(_ gates: [NodeID]) {
    closeRun()  // so that the scalars that it reads have their slots
    let made = ChainCall(gates, in: graph.storage, plan.placement.places, isInner: fused.isInner)
    var cost: Float = costs.cost(
      of: made.chain, elementSize: graph.storage.signature(of: gates[0]).elementType.byteCount)
    for gate in gates {
      cost += costs.arithmetic(of: graph.storage.traits(of: gate).kernel, count: made.chain.count)
    }
    let type = made.type.kernelType
    let call: KernelCall = made.reduction.map { .chainReduction(type, $0) } ?? .chain(type, made.chain)
    addCall(call, cost: cost, gates.last!, operands: made.operands, results: made.results) { result in
      if made.reduction != nil, result == made.results.count - 1 { return [] }
      return made.operands.indices.filter { made.chain.mayOverwrite(operand: $0, by: result) }.map { made.operands[$0] }
    }
    plan.chainNodes[plan.calls.count - 1] = made.nodes
    if accumulation == .arrivalOrder { for gate in gates { addContributions(of: gate) } }
  }

  /// Adds a kernel call: to the open unit if it is small, as units of their own that each compute a part of the results
  /// if it is worth several.
  ///
  /// - Parameter overwritable: the operands whose memory result i may take if nothing else reads them.
  private mutating func addCall(
    _ call: KernelCall, cost: Float, _ node: NodeID, operands: [NodeID], results: [NodeID],
    overwritable: (_ result: Int) -> [NodeID]
  ) {
    let parts = call.parts(min(Int(cost / CostModel.part), CostModel.mostParts))
    if parts.count > 1 { closeUnit() } else { makeRoom(for: cost) }
    let first = openUnit
    for operand in operands { depend(on: operand) }
    closeRun()
    let units = first..<first + UInt32(parts.count)
    for operand in operands { use(operand, by: units) }
    let waits = takeMemory(results, operands: operands, overwritable)
    for result in results { use(result, by: units) }
    let start = plan.operands.count
    let middle = start + operands.count
    for node in operands + results { plan.operands.append(plan.placement.places[node.int]) }
    for (number, part) in parts.enumerated() {
      if number > 0 { for operand in operands { depend(on: operand) } }
      for unit in waits { addEdge(from: unit) }
      plan.steps.append(
        Step(
          work: .kernel(plan.calls.count, part), node: node, operands: start..<middle,
          results: middle..<plan.operands.count))
      if parts.count > 1 {
        openCost = cost / Float(parts.count)
        closeUnit()
      }
    }
    plan.calls.append(call)
    for result in results { unitOf[result.int] = first }
    if parts.count > 1 { partCounts[first] = UInt32(parts.count) }
    if openCost >= unitWork { closeUnit() }
  }

  private mutating func use(_ node: NodeID, by units: Range<UInt32>) {
    let place = plan.placement.places[node.int]
    if plan.placement.isTransient(place) { reuse.use(UInt32(place.index), by: units) }
  }

  /// Finds memory for results that live only within a run; returns the units that must end before it is written.
  private mutating func takeMemory(
    _ results: [NodeID], operands: [NodeID], _ overwritable: (Int) -> [NodeID]
  ) -> [UInt32] {
    var waits: [UInt32] = []
    for (number, result) in results.enumerated() {
      let place = plan.placement.places[result.int]
      guard plan.placement.isTransient(place) else { continue }
      let candidates = overwritable(number).map { plan.placement.places[$0.int] }.filter { candidate in
        plan.placement.isTransient(candidate) && lastRead[candidate.index] == position
          && operands.count { plan.placement.places[$0.int] == candidate } == 1
      }
      waits += reuse.take(
        UInt32(place.index), byteCount: plan.placement.buffers[place.index].byteCount, node: result, for: openUnit,
        overwriting: candidates.map { UInt32($0.index) })
    }
    return waits
  }

  /// Finds, for each buffer of a run, where in the order it is read last; a chain reads where it ends.
  private mutating func findLastReaders() {
    var chainEnds = [Int](repeating: 0, count: fused.chains.count)
    if !fused.chains.isEmpty {
      for (position, node) in order.enumerated() where fused.chainOf[node.int] != FuseElementwise.none {
        chainEnds[Int(fused.chainOf[node.int])] = position
      }
    }
    lastRead = [Int](repeating: -1, count: plan.placement.buffers.count)
    for (position, node) in order.enumerated() {
      if plan.placement.places[node.int].isAwaited { continue }  // it reads scalars
      let chain = fused.chainOf[node.int]
      let reading = chain == FuseElementwise.none ? position : chainEnds[Int(chain)]
      for input in graph.storage.inputRange(of: node) {
        let place = plan.placement.places[graph.storage.inputColumn[input].int]
        if plan.placement.isTransient(place) { lastRead[place.index] = max(lastRead[place.index], reading) }
      }
    }
    for (buffer, position) in lastRead.enumerated() where position >= 0 {
      releases[position, default: []].append(UInt32(buffer))
    }
  }

  /// Makes a step of the scalar gates gathered since the last one.
  private mutating func closeRun() {
    if let step = scalars.close(&plan.placement) { plan.steps.append(step) }
  }

  // MARK: accumulation in arrival order

  private mutating func findAccumulators() {
    for node in order {
      guard case .accumulate = graph.storage.traits(of: node).kernel.form else { continue }
      for input in graph.storage.inputs(of: node) { waiting[input, default: []].append(plan.accumulators.count) }
      accumulatorOf[node] = plan.accumulators.count
      if plan.placement.places[node.int].isAwaited {
        let type = graph.storage.signature(of: node).elementType
        plan.placement.settle(node, at: plan.placement.takeSlots(1, type), type)
      }
      let place = plan.placement.places[node.int]
      plan.accumulators.append(AccumulatorPlan(node: node, place: place, signature: graph.storage.signature(of: node)))
      // The first contribution may come from anywhere: no other value has had the memory before.
      if plan.placement.isTransient(place) {
        reuse.takeNew(UInt32(place.index), byteCount: plan.placement.buffers[place.index].byteCount, node: node)
      }
    }
  }

  private mutating func addContributions(of node: NodeID) {
    for accumulator in waiting[node] ?? [] {
      let sum = plan.accumulators[accumulator].node
      if isForward[sum.int] == isForward[node.int] { addContribution(of: node, to: accumulator) }
    }
  }

  /// Adds one contribution right behind its producer, in the same unit where that is still open.
  private mutating func addContribution(of node: NodeID, to accumulator: Int) {
    let target = plan.accumulators[accumulator]
    makeRoom(for: costs.cost(of: Accumulate().kernel, result: target.signature, operands: [target.signature]))
    depend(on: node)
    closeRun()
    let start = plan.operands.count
    for value in [node, target.node] {
      plan.operands.append(plan.placement.places[value.int])
      use(value, by: openUnit..<openUnit + 1)
    }
    plan.steps.append(
      Step(
        work: .contribute(accumulator: accumulator), node: target.node, operands: start..<start + 1,
        results: start + 1..<start + 2))
    plan.accumulators[accumulator].units.append(openUnit)
    if openCost >= unitWork { closeUnit() }
  }

  /// The accumulate node itself: what reads the sum waits for the unit that waits for all contributions.
  private mutating func addJoin(_ node: NodeID) {
    guard let accumulator = accumulatorOf[node] else { return }
    for input in graph.storage.inputs(of: node) where isForward[input.int] != isForward[node.int] {
      addContribution(of: input, to: accumulator)
    }
    unitOf[node.int] = openUnit
    openCost += 1  // the unit is not empty: what is divided into parts begins a new one, without these edges
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
    guard maker != Self.noUnit, maker != openUnit else { return }
    for part in 0..<(partCounts.isEmpty ? 1 : partCounts[maker] ?? 1) { addEdge(from: maker + part) }
  }

  /// An edge to the open unit, once.
  private mutating func addEdge(from unit: UInt32) {
    guard unit != openUnit else { return }
    while lastReader.count <= Int(unit) { lastReader.append(Self.noUnit) }
    guard lastReader[Int(unit)] != openUnit else { return }
    lastReader[Int(unit)] = openUnit
    edges.append((unit, openUnit))
    reuse.addEdge(from: unit, to: openUnit)
  }

  private mutating func freeze() {
    plan.scalarCode = scalars.code.array()
    let split = UInt32(plan.forwardUnitCount)
    let all = UInt32(plan.unitCosts.count)
    plan.forward = schedule(0..<split)
    plan.backward = schedule(split..<all)
    plan.step = schedule(0..<all)
    plan.slots = reuse.slots
    for (buffer, slot) in reuse.slotOf { plan.placement.buffers[Int(buffer)].slot = slot }
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
