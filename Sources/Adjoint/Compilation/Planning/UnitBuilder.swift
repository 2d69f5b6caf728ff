internal import DependencyScheduling
internal import Kernels

/// Puts calls and scalar gates, in their order, into steps and groups the steps into units.
///
/// The order is that of construction, forward nodes before backward ones: it is topological, and since the backward
/// nodes were made in reversed dependency order, so do they run. A unit is a contiguous range of it; contiguous ranges
/// of one topological order always form an acyclic quotient, so grouping is safe and linear. A node worth a unit by
/// itself shares with nobody, so that a cheap node on the critical path does not wait behind an expensive one.
struct UnitBuilder: ~Copyable {
  let calls: CallGraph
  var graph: IntermediateGraph { calls.graph }
  var order: RunOrder { calls.order }
  let accumulation: Accumulation
  let unitWork: Float
  let costs: CostModel
  var plan: ProgramPlan

  let division: Division
  /// Whether finer parts would divide any call.
  var isDivisible = false
  var reuse: BufferReuse
  /// How much memory the buffers of the forward pass need.
  var forwardLength = 0
  /// The buffers that nothing reads after a node, by where the node stands in the order.
  var releases: [Int: [UInt32]] = [:]
  var lastRead: [Int] = []
  /// Where the order has been worked up to.
  var position = 0
  /// For each node where its value lies and which unit makes it.
  var values: Column<PlacedValue>
  /// The unit that nodes are added to.
  var openUnit: UInt32 = 0
  static let noUnit = PlacedValue.noUnit
  /// How many units from this one on make the parts of one value.
  var partCounts: [UInt32: UInt32] = [:]
  /// For a value made in parts, the elements that each part writes, `nil` if they may be any.
  var writtenBy: [NodeID: [Range<Int>?]] = [:]
  var openCost: Float = 0
  /// Whether the open unit waits for another: then it is a unit even without a step, as that of a join.
  var openWaits = false
  var scalars: ScalarRuns
  /// The unit that waits for all before it, and that all behind it wait for, and whether the open unit does.
  var fence: UInt32?
  var openWaitsForFence = false
  var edges: [(from: UInt32, to: UInt32)] = []
  /// For each closed unit the last that an edge leads to.
  var lastReader = Column<UInt32>()
  /// Arrival order: for each contribution, the accumulators that wait for it.
  var waiting: [NodeID: [Int]] = [:]
  var accumulatorOf: [NodeID: Int] = [:]

  /// - Parameters:
  ///   - isShared: whether several workers may run the units.
  ///   - loop: the loop that the graph is the body of.
  static func build(
    _ graph: IntermediateGraph, options: Program.Options, isShared: Bool = true, loop: LoopOfCalls? = nil
  ) -> Result {
    let calls = LowerToCalls.apply(to: graph, options, sharesMemory: isShared, loop: loop)
    func build(_ division: Division) -> Result { self.build(calls, division, options) }
    if let division = options.division { return build(division) }
    let coarse = build(.coarse)
    guard isShared, coarse.isDivisible, Division.isTooCoarse(for: coarse.plan.step) else { return coarse }
    let fine = build(.fine)
    return Division.isWorthIt(fine.plan.step, over: coarse.plan.step) ? fine : coarse
  }

  private static func build(_ calls: CallGraph, _ division: Division, _ options: Program.Options) -> Result {
    let fences = calls.graph.fences
    var builder = UnitBuilder(calls, division, options)
    if options.accumulation == .arrivalOrder { builder.findAccumulators() }
    builder.findLastReaders()
    var isForward = true
    for (position, node) in calls.order.enumerated() {
      if isForward, !calls.order.isForward(node) {
        builder.endForward()
        isForward = false
      }
      builder.position = position
      if !fences.isEmpty, fences.contains(node) { builder.addFence() }
      builder.add(node)
      if !builder.releases.isEmpty {
        for buffer in builder.releases[position] ?? [] { builder.reuse.release(buffer) }
      }
    }
    builder.closeUnit()
    if isForward { builder.endForward() }
    builder.freeze()
    return Result(
      plan: builder.plan, graph: calls.graph, packedSources: calls.packedSources, values: builder.values,
      isDivisible: builder.isDivisible)
  }

  struct Result: ~Copyable {
    let plan: ProgramPlan
    /// The graph that was planned, with the nodes that passes over calls have added.
    let graph: IntermediateGraph
    /// The sources that they have added to the body of a loop.
    let packedSources: [PackedSource]
    /// The place of each node, which only messages ask for.
    let values: Column<PlacedValue>
    /// Whether finer parts would divide any call.
    let isDivisible: Bool
  }

  private init(_ calls: CallGraph, _ division: Division, _ options: Program.Options) {
    (self.calls, self.division) = (calls, division)
    accumulation = options.accumulation
    unitWork = options.unitWork
    costs = options.costs
    let storage = calls.graph.storage
    values = Column(reserving: storage.count)
    // A constant that has been folded into others is not kept.
    let placement = Placement(calls.graph, &values, pieces: calls.pieces, kept: calls.kept) {
      calls.isInner($0) || storage.isConstant($0) && !calls.order.isUsed($0)
    }
    plan = ProgramPlan(placement: placement, costs: costs)
    // A head and two operands a gate: more than most are. What isn't used is never touched.
    scalars = ScalarRuns(expectedWords: 3 * storage.count)
    reuse = BufferReuse(isOn: options.reusesBuffers)
  }

  mutating func endForward() {
    closeUnit()
    plan.forwardUnitCount = plan.unitCosts.count
    forwardLength = reuse.length
    plan.forwardOperandCount = plan.operands.count
  }

  // MARK: nodes to steps

  mutating func add(_ node: NodeID) {
    let row = graph.storage.rows[node.int]
    let brief = graph.storage.gates.briefs[Int(row.gate.index)]
    if let operation = brief.scalarOperation, values[node.int].place.isAwaited {
      addScalar(operation, node, row, cost: brief.scalarCost)
    } else if brief.source == nil {
      if calls.isComputedLater(node) { return }
      addOther(node)
    }
    if accumulation == .arrivalOrder { addContributions(of: node) }
  }

  @inline(__always)
  private mutating func addScalar(_ operation: ScalarOperation, _ node: NodeID, _ row: NodeRow, cost: Float) {
    let type: ElementType = values[node.int].place.isDoubleSlot ? .float64 : .float32
    if row.isLong || row.inputCount != operation.arity {
      addLongScalar(operation, node, type, cost: cost)
    } else {
      begin(node, type, cost: cost)
      let first = scalarOperand(row.input(0))
      scalars.add(operation, first, row.inputCount > 1 ? scalarOperand(row.input(1)) : .none)
    }
    values[node.int].place = .awaited(gate: scalars.end(node, type), type)
    if openCost >= unitWork * CostModel.scalarUnits { closeUnit() }
  }

  /// A scalar gate of three operands, or an accumulate node of one or of more than two contributions, added in order.
  @inline(never)
  private mutating func addLongScalar(
    _ operation: ScalarOperation, _ node: NodeID, _ type: ElementType, cost: Float
  ) {
    let inputs = graph.storage.inputs(of: node)
    let operations = inputs.count == operation.arity ? 1 : max(1, inputs.count - 1)
    begin(node, type, cost: cost * Float(operations))
    if inputs.count == operation.arity {
      let first = scalarOperand(inputs[0]), second = scalarOperand(inputs[1])
      return scalars.add(operation, first, second, scalarOperand(inputs[2]))
    }
    var sum = scalarOperand(inputs[0])
    if inputs.count == 1 { scalars.add(.copy, sum) }
    for input in inputs.dropFirst() {
      scalars.add(operation, sum, scalarOperand(input))
      sum = scalars.lastResult
    }
  }

  /// Makes room for a scalar gate in the open unit and in the step being made.
  @inline(__always)
  private mutating func begin(_ node: NodeID, _ type: ElementType, cost: Float) {
    makeRoom(for: cost)
    values[node.int].unit = openUnit
    if scalars.mustClose(before: type) { closeRun() }
  }

  @inline(__always)
  private mutating func scalarOperand(_ node: NodeID) -> ScalarOperand {
    let value = values[node.int]
    depend(on: value.unit)
    return ScalarOperand(value.place)
  }

  private mutating func addOther(_ node: NodeID) {
    if let call = calls.call(at: node) {
      addCall(call)
      // The other gates of a chain come when it does.
      if accumulation == .arrivalOrder, !call.chainNodes.isEmpty {
        for result in call.results where result != node { addContributions(of: result) }
      }
      return
    }
    switch graph.storage.traits(of: node).kernel.form {
    case .alias:
      let original = graph.storage.input(0, of: node)
      if values[original.int].place.isAwaited { closeRun() }
      values[node.int].place = values[original.int].place
      values[node.int].unit = values[original.int].unit
      if !writtenBy.isEmpty { writtenBy[node] = writtenBy[original] }
    case .accumulate: addJoin(node)
    default: break  // a part of a scan, or rows that a chain gathers: a call has them
    }
  }

  /// Makes a step of the scalar gates gathered since the last one.
  mutating func closeRun() {
    if let step = scalars.close(&plan.placement, &values) { plan.steps.append(step) }
  }
}
