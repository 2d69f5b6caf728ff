import Adjoint
import AdjointTesting
import DependencyScheduling
import GradientMemory
import Synchronization
import StressScale
import Testing

@testable import Adjoint

/// Runs that end early at a random place: the same session then gives the right answer, and nothing is left behind.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct InterruptedRunTests {
  /// A random graph of tensors with a hook in forty places, forward and again backward.
  private func hooked(_ hook: Hook) throws -> StressedProgram {
    let sample = RandomGraphs(nodeCount: 200, maximalFanOut: 40, tensorShape: [16]).graph(seed: 11)
    let graph = sample.graph
    var ends: [Node] = [sample.output]
    for number in 0..<40 {
      let input = sample.inputs[number % sample.inputs.count]
      let gate = graph.apply(Hooked(hook: hook, number: number), to: [ends[number % ends.count] * input])
      ends.append(gate.shape == .scalar ? gate : gate.sliced(0..<1).reshaped([]))
    }
    return try StressedProgram(ends.map { 1 * $0 }, sample.inputs, sample.values)
  }

  /// Asks of a session whose runs ended early that one which is left alone gives the right answer.
  private func requireWhole(
    _ session: Session, _ stressed: StressedProgram, _ hook: Hook, _ comment: Comment
  ) throws {
    hook.set {}
    try session.step()
    let difference = try stressed.difference(of: session)
    try #require(difference == nil, comment)
  }

  @Test(arguments: [1, 2, 4]) func `a gate that throws at a random unit`(width: Int) throws {
    let hook = Hook()
    let stressed = try hooked(hook)
    let session = try stressed.session(stressed.program(.fine()), on: GraphExecutor.eager(width: width))
    var random = SeededGenerator(seed: UInt64(width))
    let atRest = try allocatedAfterAStep(session)
    var thrown = 0
    for run in 0..<StressScale.repetitions(334) {
      let fuse = Fuse(Int(random.next() % 80))
      hook.set { if fuse.burns() { throw Stopped() } }
      do {
        try session.step()
      } catch SessionError.gateFailed(_, let gate, let cause) {
        thrown += 1
        #expect(gate == "hooked" && cause is Stopped)
        try #require(session.memory.allocated <= atRest, "run \(run)")
      }
      if run % 10 == 0 {
        try requireWhole(session, stressed, hook, "run \(run), width \(width)")
        try #require(session.memory.allocated == atRest, "run \(run)")
      }
    }
    #expect(thrown >= StressScale.repetitions(334) / 2)
  }

  @Test(arguments: [1, 2, 4]) func `a run cancelled at a random moment`(width: Int) throws {
    let hook = Hook()
    let stressed = try hooked(hook)
    let session = try stressed.session(stressed.program(.fine()), on: GraphExecutor.eager(width: width))
    var random = SeededGenerator(seed: UInt64(width) + 100)
    let atRest = try allocatedAfterAStep(session)
    var cancelled = 0
    for run in 0..<StressScale.repetitions(334) {
      let token = CancellationToken()
      let fuse = Fuse(Int(random.next() % 80))
      hook.set { if fuse.burns() { token.cancel() } }
      do {
        try session.step(cancellation: token)
      } catch is CancellationError {
        cancelled += 1
        try #require(session.memory.allocated <= atRest, "run \(run)")
      }
      if run % 10 == 0 {
        try requireWhole(session, stressed, hook, "run \(run), width \(width)")
      }
    }
    #expect(cancelled >= StressScale.repetitions(334) / 2)
  }

  @Test func `tasks cancelled at any moment leave their session whole`() async throws {
    let stressed = try hooked(Hook())
    let session = try stressed.session(stressed.program(.fine()), on: GraphExecutor(width: 4))
    var random = SeededGenerator(seed: 5)
    for run in 0..<StressScale.repetitions(100) {
      let task = Task { try await session.step() }
      let pause = random.next() % 300
      try await Task.sleep(for: .microseconds(pause))
      task.cancel()
      do { try await task.value } catch is CancellationError {}
      if run % 10 == 0 {
        try await session.step()
        let difference = try stressed.difference(of: session)
        try #require(difference == nil, "run \(run)")
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func `a byte limit hit at a random allocation`(width: Int) throws {
    let sample = RandomGraphs(nodeCount: 400, maximalFanOut: 40, tensorShape: [600], tensorShare: 0.8).graph(seed: 4)
    let stressed = try StressedProgram(sample)
    let program = try stressed.program(.fine())
    let free = try stressed.session(program, on: GraphExecutor.eager(width: 1))
    try free.forward()
    let forwardPeak = free.memory.peak
    try free.step()
    let peak = free.memory.peak
    try #require(peak > forwardPeak)
    var random = SeededGenerator(seed: UInt64(width))
    var refused = 0, recovered = 0
    for run in 0..<StressScale.repetitions(60) {
      // The first two runs are not left to chance: one worker's step does not fit and its forward pass does, or
      // neither.
      let limit = run < 2 ? forwardPeak / (run + 1) : forwardPeak / 2 + Int(random.next() % UInt64(peak))
      weak var workspace: Workspace?
      do {
        let session: Session
        do {
          session = try stressed.session(program, on: GraphExecutor.eager(width: width), memoryLimit: limit)
        } catch SessionError.memoryLimit { continue }
        workspace = session.workspace
        do {
          try session.step()
          let difference = try stressed.difference(of: session)
          try #require(difference == nil, "limit \(limit), run \(run)")
        } catch SessionError.memoryLimit(let node, let requested, let inUse, let stated) {
          refused += 1
          #expect(!node.isEmpty && inUse + requested > stated && stated == limit)
          let left = session.memory.allocated
          do {
            try session.forward()
            let value = try session.referenceValue(of: stressed.outputs[0])
            try #require(value.isIdentical(to: stressed.expectedOutputs[0]), "limit \(limit), run \(run)")
            recovered += 1
          } catch SessionError.memoryLimit {
            try #require(session.memory.allocated <= left, "limit \(limit), run \(run)")
          }
        }
      }
      #expect(workspace == nil)  // and its arenas with it
    }
    #expect(width > 1 || (refused >= 2 && recovered >= 1))
  }

  @Test func `nothing is left in the allocator after sessions that failed`() async {
    await #expect(processExitsWith: .success) {
      // The only thing that runs in its process, so that the allocator's own counts are this test's.
      guard BufferArena.processStatistics != nil else { return }
      let sample = RandomGraphs(nodeCount: 300, maximalFanOut: 40, tensorShape: [4_000], tensorShare: 0.8).graph(
        seed: 4)
      let program = try Program(sample.output, gradientsFor: [sample.inputs[1]], options: .fine())
      let runs = StressScale.isSanitized ? 5 : 15
      let free = program.makeSession(on: GraphExecutor.eager(width: 1))
      for (node, value) in sample.values { try? free.write(value, to: node) }
      let atRest = free.memory.peak
      try blocking { try free.step() }
      let peak = free.memory.peak

      /// What is allocated more after sessions that were refused memory or cancelled than before them.
      func left(width: Int) throws -> Int {
        let before = BufferArena.processStatistics!.allocated
        var refused = 0, cancelled = 0
        for run in 0..<runs {
          for limit in [atRest, (atRest + peak) / 2, peak - 1, nil] as [Int?] {
            let session = program.makeSession(on: GraphExecutor.eager(width: width), memoryLimit: limit)
            for (node, value) in sample.values { try? session.write(value, to: node) }
            let token = CancellationToken()
            if run % 3 == 0 { token.cancel() }
            do {
              try session.step(cancellation: token)
            } catch is CancellationError {
              cancelled += 1
            } catch SessionError.memoryLimit {
              refused += 1
            }
          }
        }
        precondition(refused > 0 && cancelled > 0, "\(refused) runs were refused memory, \(cancelled) cancelled")
        return BufferArena.processStatistics!.allocated - before
      }
      let byOneThread = try left(width: 1)
      precondition(byOneThread == 0, "\(byOneThread) bytes are left")
      // A worker's thread makes jemalloc keep 28 KiB of its own, seen once a thread and not with one thread; 20
      // sessions that left one tensor each would leave 320 kB.
      let byWorkers = try left(width: 4)
      precondition(byWorkers <= 8 * 28_672, "\(byWorkers) bytes are left")
    }
  }

  private func allocatedAfterAStep(_ session: Session) throws -> Int {
    try session.step()
    return session.memory.allocated
  }
}

/// Burns once, when it has been asked a number of times.
private final class Fuse: Sendable {
  private let rest: Atomic<Int>
  init(_ length: Int) { rest = Atomic(length) }
  func burns() -> Bool { rest.subtract(1, ordering: .relaxed).oldValue == 0 }
}
