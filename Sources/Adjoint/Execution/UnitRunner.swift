internal import DependencyScheduling
internal import GradientMemory
internal import Kernels

/// Runs the steps of one unit on whichever worker it fell to.
struct UnitRunner: Sendable {
  let program: Program
  let workspace: Workspace

  init(_ program: Program, _ workspace: Workspace) {
    self.program = program
    self.workspace = workspace
  }

  /// - Throws: ``SessionError`` that names the node whose gate failed or whose memory did not fit.
  func run(unit: Int) throws {
    for step in workspace.plan.steps(of: unit) { try run(workspace.plan.steps[step]) }
  }

  func run(_ step: Step) throws {
    switch step.work {
    case .scalars(let type, let range):
      workspace.plan.instructions.withUnsafeBufferPointer { instructions in
        runScalars(
          type.kernelType, instructions.baseAddress! + range.lowerBound, count: range.count, slab: workspace.slab(type))
      }
    case .kernel(let call, let range):
      try run(call, range, step)
    case .open:
      _ = try memory(for: step) { () throws(MemoryLimitExceeded) in
        try workspace.output(of: step, EmptyCollection())
      }
    case .contribute(let accumulator):
      try contribute(step, to: accumulator)
    }
  }

  private func run(_ call: KernelCall, _ range: Range<Int>, _ step: Step) throws {
    let operands = workspace.plan.operands[step.operands]
    try withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: operands.count) { inputs in
      for (position, operand) in operands.enumerated() {
        inputs.initializeElement(at: position, to: UnsafeRawPointer(workspace.address(operand)!))
      }
      let output = try memory(for: step) { () throws(MemoryLimitExceeded) in
        try workspace.output(of: step, operands)
      }
      do {
        try call.run(UnsafeBufferPointer(inputs), output, range)
      } catch {
        throw SessionError.gateFailed(
          node: program.describe(step.node), gate: program.gateName(of: step.node), error)
      }
    }
    workspace.finishReading(operands)
  }

  private func contribute(_ step: Step, to index: Int) throws {
    let sum = workspace.plan.accumulators[index]
    let operands = workspace.plan.operands[step.operands]
    let source = workspace.address(operands[operands.startIndex])!
    let accumulator = workspace.accumulators[index]
    if !sum.place.isBuffer {
      let target = workspace.address(sum.place)!
      if sum.place.isDoubleSlot {
        ArrivalAccumulator.add(source.load(as: Double.self), to: target)
      } else {
        ArrivalAccumulator.add(source.load(as: Float.self), to: target)
      }
    } else {
      try accumulator.start {
        let target = try memory(for: step) { () throws(MemoryLimitExceeded) in
          if let lasting = workspace.address(sum.place) { return lasting }
          return try workspace.allocate(sum.place.index)
        }
        runFillZero(sum.signature.elementType.kernelType, target: target, range: 0..<sum.signature.shape.elementCount)
      }
      accumulator.add(source, to: workspace.address(sum.place)!, sum.signature.elementType.kernelType)
    }
    workspace.finishReading(operands)
  }

  private func memory(
    for step: Step, _ take: () throws(MemoryLimitExceeded) -> UnsafeMutableRawPointer
  ) throws(SessionError) -> UnsafeMutableRawPointer {
    do throws(MemoryLimitExceeded) {
      return try take()
    } catch {
      throw SessionError(error, for: program.describe(step.node))
    }
  }
}

extension SessionError {
  init(_ error: MemoryLimitExceeded, for node: String) {
    self = .memoryLimit(node: node, requested: error.requested, inUse: error.inUse, limit: error.limit)
  }
}
