internal import DependencyScheduling
internal import GradientMemory
internal import Kernels

/// What an executor calls for each unit of a pass; kept, so that a run allocates nothing for it.
struct PassBodies: Sendable {
  private let forward: UnitBody, backward: UnitBody, step: UnitBody

  init(_ runner: UnitRunner) {
    let (plan, learned) = (runner.program.plan, runner.program.learned)
    /// The body of a pass whose units are the plan's from `first` on.
    func body(from first: Int, _ learned: LearnedSharing) -> UnitBody {
      UnitBody(learningWith: learned) { unit in try runner.run(unit: first + Int(unit.index)) }
    }
    forward = body(from: 0, learned.forward)
    backward = body(from: plan.forwardUnitCount, learned.backward)
    step = body(from: 0, learned.step)
  }

  subscript(pass: Session.Pass) -> UnitBody {
    switch pass {
    case .forward: forward
    case .backward: backward
    case .step: step
    }
  }
}

/// Runs the steps of one unit on whichever worker it fell to.
struct UnitRunner: Sendable {
  unowned let program: Program
  let workspace: Workspace

  init(_ program: Program, _ workspace: Workspace) {
    self.program = program
    self.workspace = workspace
  }

  /// - Throws: ``SessionError`` that names the node whose gate failed.
  func run(unit: Int) throws {
    for step in workspace.plan.steps(of: unit) { try run(workspace.plan.steps[step]) }
  }

  func run(_ step: Step) throws {
    switch step.work {
    case .scalars(let run):
      workspace.plan.scalarCode.withPointer(to: run.words.lowerBound) { code in
        runScalars(
          run.type.kernelType, code, words: run.words.count,
          slab: workspace.slab(run.type), firstResult: run.slots.lowerBound)
      }
    case .kernel(let call, let range):
      if workspace.hasKept, workspace.plan.keptCalls.contains(call) { return }
      do {
        try workspace.plan.calls[call].run(
          workspace.inputs(of: step), workspace.outputs(of: step), range)
      } catch {
        throw failure(of: step, error)
      }
    case .contribute(let accumulator):
      contribute(workspace.inputs(of: step)[0], to: workspace.outputs(of: step)[0], accumulator)
    }
  }

  /// What a step that has failed makes of its run.
  func failure(of step: Step, _ error: any Error) -> SessionError {
    let failure = workspace.plan.failure(of: step, error)
    return .gateFailed(
      node: program.describe(failure.node), gate: program.provenance.gateName(of: failure.node), failure.error)
  }

  private func contribute(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ index: Int) {
    let sum = workspace.plan.accumulators[index]
    let type = sum.signature.elementType
    if sum.place.isBuffer {
      let accumulator = workspace.accumulators[index]
      accumulator.start {
        runFillZero(type.kernelType, target: target, range: 0..<sum.signature.shape.elementCount)
      }
      accumulator.add(source, to: target, type.kernelType)
    } else if type.isDouble {
      ArrivalAccumulator.add(source.load(as: Double.self), to: target)
    } else {
      ArrivalAccumulator.add(source.load(as: Float.self), to: target)
    }
  }
}

extension SessionError {
  init(_ error: MemoryLimitExceeded, for node: String) {
    self = .memoryLimit(node: node, requested: error.requested, inUse: error.inUse, limit: error.limit)
  }
}
