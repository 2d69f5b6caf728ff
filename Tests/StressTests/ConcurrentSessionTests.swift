import Adjoint
import AdjointTesting
import Dispatch
import DependencyScheduling
import Foundation
import Synchronization
import StressScale
import Testing

/// Many sessions of one program, runs within runs, and the quiet after them.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct ConcurrentSessionTests {
  private func stressed() throws -> StressedProgram {
    try StressedProgram(RandomGraphs(nodeCount: 2_000, tensorShape: [32]).graph(seed: 9))
  }

  @Test func `sixteen sessions of one program run at once from threads`() throws {
    let stressed = try stressed()
    let program = try stressed.program(.fine())
    let differences = Guarded<[String]>([])
    let executor = GraphExecutor.eager(width: 3)
    let runs = StressScale.repetitions(20)
    DispatchQueue.concurrentPerform(iterations: 16) { number in
      do {
        let session = try stressed.session(program, on: executor)
        for _ in 0..<runs {
          try session.step()
          if let difference = try stressed.difference(of: session) {
            differences.withLock { $0.append("session \(number): \(difference)") }
          }
        }
      } catch { differences.withLock { $0.append("session \(number): \(error)") } }
    }
    #expect(differences.withLock { $0 } == [])
  }

  @Test func `sixteen sessions of one program run at once from tasks`() async throws {
    let stressed = try stressed()
    let program = try stressed.program(.fine())
    let runs = StressScale.repetitions(20)
    let differences = try await withThrowingTaskGroup(of: String?.self) { group in
      for number in 0..<16 {
        group.addTask {
          let session = try stressed.session(
            program, on: number % 2 == 0 ? GraphExecutor.shared : try GraphExecutor(width: 3))
          for _ in 0..<runs {
            try await session.forward()
            try await session.backward()
            if let difference = try stressed.difference(of: session) { return "session \(number): \(difference)" }
          }
          return nil
        }
      }
      return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
    }
    #expect(differences == [])
  }

  @Test(arguments: [1, 2, 4]) func `runs within gates, three deep, end and are right`(width: Int) throws {
    let executor = GraphExecutor.eager(width: width)
    let inner = try StressedProgram(RandomGraphs(nodeCount: 100, maximalFanOut: 20).graph(seed: 2))
    let innerProgram = try inner.program(.fine())
    let wrong = Atomic<Int>(0), innermost = Atomic<Int>(0)

    /// A program of three gates side by side, and their three mirrors backward, each of which runs the level below.
    func nested(_ level: Int) throws -> @Sendable () throws -> Void {
      if level == 0 {
        return {
          let session = try inner.session(innerProgram, on: executor)
          try session.step()
          innermost.add(1, ordering: .relaxed)
          if try inner.difference(of: session) != nil { wrong.add(1, ordering: .relaxed) }
        }
      }
      let below = try nested(level - 1)
      let hook = Hook()
      hook.set(below)
      let graph = Graph()
      let x = graph.input("x", [2])
      let gates = (0..<3).map { graph.apply(Hooked(hook: hook, number: $0), to: [x]) }
      let sum = graph.apply(Accumulate(), to: gates).sum()
      let program = try Program(sum, gradientsFor: [x], options: .fine())
      return {
        let session = program.makeSession(on: executor)
        try session.write([1, 2] as [Float], to: x)
        try session.step()
        if try session.gradient(of: x, as: Float.self) != [3, 3] { wrong.add(1, ordering: .relaxed) }
      }
    }
    try nested(StressScale.isSanitized ? 2 : 3)()
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(innermost.load(ordering: .relaxed) == (StressScale.isSanitized ? 6 * 6 : 6 * 6 * 6))
  }

  @Test func `rest after a run costs next to nothing`() async {
    await #expect(processExitsWith: .success) {
      let sample = RandomGraphs(nodeCount: 2_000, tensorShape: [32]).graph(seed: 9)
      let program = try Program(sample.output, gradientsFor: [sample.inputs[0]])
      let session = program.makeSession(on: GraphExecutor.eager(width: 4))
      for (node, value) in sample.values { try session.write(value, to: node) }
      try blocking { for _ in 0..<20 { try session.step() } }
      let before = clock()
      usleep(200_000)
      let cost = Double(clock() - before) / Double(CLOCKS_PER_SEC) * 1_000
      precondition(cost < 5, "200 ms of rest cost \(cost) ms of processor time")
    }
  }
}
