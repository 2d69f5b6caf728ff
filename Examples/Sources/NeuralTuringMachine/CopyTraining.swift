import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation

/// Trains a ``TuringMachine`` to copy: a program for each length, compiled when it is first met, all of one
/// `ParameterStore`, which holds what the optimizer remembers too.
struct CopyTraining {
  /// One length's machine, ready to run: `step()` trains, `forward()` only copies.
  struct Step {
    let machine: TuringMachine
    let session: Session
    let rate: Node
  }

  let size: TuringMachine.Size
  let seed: UInt64
  private(set) var steps: BoundedCache<Int, Step>
  private(set) var task: CopyTask
  private let store = ParameterStore()
  private let executor: GraphExecutor

  init(_ size: TuringMachine.Size, seed: UInt64, cachedLengths: Int = 24, on executor: GraphExecutor = .shared) {
    self.size = size
    self.seed = seed
    self.executor = executor
    steps = BoundedCache(capacity: cachedLengths)
    task = CopyTask(seed: seed)
  }

  /// One step on a batch of new sequences, whose length is drawn from `lengths`; returns the loss before it, in nats a
  /// bit.
  mutating func step(lengths: ClosedRange<Int>, rate: Double) throws -> Double {
    let length = task.length(in: lengths)
    let step = try compiled(length)
    try feed(step, &task, length)
    try step.session.write([Float(rate)], to: step.rate)
    try step.session.step()
    return try step.session.read(step.machine.loss)
  }

  /// How many bits of a sequence are copied wrong, on average of `batches` batches of each of `lengths`.
  mutating func wrongBits(lengths: some Collection<Int>, batches: Int, seed: UInt64) throws -> Double {
    var task = CopyTask(seed: seed)
    var wrong = 0
    for length in lengths {
      let step = try compiled(length)
      for _ in 0..<batches {
        let targets = try feed(step, &task, length)
        try step.session.forward()
        let logits = try step.session.read(step.machine.logits, as: Float.self)
        wrong += zip(logits, targets).count { ($0 > 0) != ($1 > 0.5) }
      }
    }
    return Double(wrong) / Double(lengths.count * batches * size.batch)
  }

  /// What the machine makes of one sequence of `length` vectors, and where its heads are meanwhile.
  mutating func recording(length: Int, seed: UInt64) throws -> Recording {
    let step = try compiled(length)
    var task = CopyTask(seed: seed)
    let targets = try feed(step, &task, length)
    try step.session.forward()
    let logits = try step.session.read(step.machine.logits, as: Float.self)
    func first(_ values: [Float]) -> [[Double]] {
      (0..<length).map { time in (0..<CopyTask.width).map { Double(values[time * size.batch * CopyTask.width + $0]) } }
    }
    let places = try step.machine.weightings.map { node in
      try step.session.read(node, as: Float.self).prefix(2 * size.rows).map(Double.init)
    }
    return Recording(
      targets: first(targets), copies: first(logits.map { 0.5 * (1 + tanh($0 / 2)) }),
      writing: places.map { Array($0[size.rows...]) }, reading: places.map { Array($0[..<size.rows]) })
  }

  /// Writes new sequences where the session reads them; returns the targets.
  @discardableResult
  private func feed(_ step: Step, _ task: inout CopyTask, _ length: Int) throws -> [Float] {
    let sequences = task.sequences(length: length, count: size.batch)
    try step.session.write(sequences.frames, to: step.machine.frames)
    try step.session.write(sequences.targets, to: step.machine.targets)
    return sequences.targets
  }

  /// The step for `length`, compiled if it is not kept.
  private mutating func compiled(_ length: Int) throws -> Step {
    try steps.value(for: length) { [size, seed, executor, store] in
      let machine = TuringMachine(size, length: length, seed: seed)
      let graph = machine.graph
      let parameters = graph.parameters
      let gradients = try graph.gradients(of: [machine.loss], withRespectTo: parameters).compactMap(\.self)
      let rate = graph.input("rate")
      let updates = try graph.scope("optimizer") {
        Adam().updates(of: parameters, gradients: try clipped(gradients, toGlobalNorm: 1), rate: rate)
      }
      let program = try Program(
        machine.loss, alsoComputing: [machine.logits] + machine.weightings, updating: updates)
      let session = program.makeSession(on: executor, parameters: store)
      try session.write([0 as Float], to: rate)
      return Step(machine: machine, session: session, rate: rate)
    }
  }
}
