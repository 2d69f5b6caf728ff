internal import DependencyScheduling
internal import Kernels

/// Everything a session needs to run: frozen, without a graph to walk.
struct ProgramPlan: Sendable {
  var placement: Placement
  var steps: [Step] = []
  var calls: [any KernelCall] = []
  /// For each call that does several gates the nodes of what it computes, in the order of the numbers that a
  /// ``FusedCall`` gives its inner values.
  var chainNodes: [Int: [NodeID]] = [:]
  /// For each call that is a chain which gathers rows the gates that ask for them, by the operand that is their table.
  var chainGathers: [Int: [Int: NodeID]] = [:]
  /// The calls whose results are kept for as long as parameters stay as they are: see ``Placement/Lifetime/kept``.
  var keptCalls: Set<Int> = []
  /// Memory that the buffers of a run share.
  var slots: [BufferReuse.Slot] = []
  /// How many slots and operands the forward pass has to do with: the first ones.
  var forwardSlotCount = 0, forwardOperandCount = 0
  var operands: [Placement.Place] = []
  /// Which of them the parameter store lends: their addresses change when parameters do.
  var lentOperands: [Int] = []
  /// What becomes of parameters when a step has succeeded.
  var updates: [UpdatePlan] = []
  /// What the machine for scalars does in all steps.
  var scalarCode = Column<UInt32>(reserving: 1).frozen()
  var accumulators: [AccumulatorPlan] = []

  /// The steps of unit u are `steps[unitStarts[u]..<unitStarts[u + 1]]`.
  var unitStarts: [Int] = [0]
  var unitCosts: [Float] = []
  /// Units below this belong to the forward pass, the others to the backward pass.
  var forwardUnitCount = 0

  var forward = Schedule(successorOffsets: [0], successors: [])
  var backward = Schedule(successorOffsets: [0], successors: [])
  var step = Schedule(successorOffsets: [0], successors: [])

  /// The speeds that sized the units.
  let costs: CostModel

  init(placement: Placement, costs: CostModel) {
    self.placement = placement
    self.costs = costs
  }

  func steps(of unit: Int) -> Range<Int> { unitStarts[unit]..<unitStarts[unit + 1] }

  /// The node that a call has failed for, and why: in a chain, the one whose index names no row.
  func failure(of step: Step, _ error: any Error) -> (node: NodeID, error: any Error) {
    guard let failure = error as? ChainIndexOutOfRange, case .kernel(let call, _) = step.work,
      let node = chainGathers[call]?[failure.operand]
    else { return (step.node, error) }
    return (node, failure.error)
  }
}
