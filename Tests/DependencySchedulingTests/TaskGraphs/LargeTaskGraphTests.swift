import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// Graphs of thousands of tasks give what a serial evaluation gives.
@Suite(.timeLimit(.minutes(20)), .watched()) struct LargeTaskGraphTests {
  /// A graph whose tasks mix the values of up to three earlier ones, and what it gives.
  private static func random(_ count: Int, seed: UInt64, asynchronously: Bool) throws -> (
    tasks: TaskSchedule, outputs: [TaskOutput<UInt64>], expected: [UInt64]
  ) {
    var random = SeededGenerator(seed: seed)
    var graph = TaskGraph()
    let group = try graph.group("some", limit: 2)
    var outputs: [TaskOutput<UInt64>] = []
    var expected: [UInt64] = []
    for index in 0..<count {
      let earlier = (0..<min(index, random.below(4))).map { _ in random.below(index) }
      let mix: @Sendable ([UInt64]) -> UInt64 = { $0.reduce(UInt64(index)) { $0 &* 31 &+ ($1 ^ $1 >> 7) } }
      expected.append(mix(earlier.map { expected[$0] }))
      let taken = earlier.map { outputs[$0] }
      let isAsynchronous = asynchronously && random.below(4) == 0
      let inGroup = asynchronously && random.below(10) == 0 ? group : nil
      switch (taken.count, isAsynchronous) {
      case (0, false): outputs.append(graph.task("\(index)", in: inGroup) { mix([]) })
      case (1, false): outputs.append(graph.task("\(index)", taken[0], in: inGroup) { mix([$0]) })
      case (2, false): outputs.append(graph.task("\(index)", taken[0], taken[1], in: inGroup) { mix([$0, $1]) })
      case (3, false):
        outputs.append(graph.task("\(index)", taken[0], taken[1], taken[2], in: inGroup) { mix([$0, $1, $2]) })
      default:
        outputs.append(
          graph.task("\(index)", graph.gather(taken), in: inGroup) { values in
            await Task.yield()
            return mix(values)
          })
      }
    }
    return (try graph.frozen(), outputs, expected)
  }

  private static func check(_ results: TaskResults, _ outputs: [TaskOutput<UInt64>], _ expected: [UInt64]) {
    #expect(outputs.map { results[$0] } == expected)
  }

  @Test(arguments: [false, true], [1, 2, 4]) func `ten thousand tasks give what a serial evaluation gives`(
    asynchronously: Bool, width: Int
  ) async throws {
    let executor = try GraphExecutor(width: width, sharing: .always)
    let count = StressScale.size(10_000)
    let (tasks, outputs, expected) = try Self.random(count, seed: UInt64(width), asynchronously: asynchronously)
    for _ in 0..<3 {
      Self.check(try await tasks.run(on: executor), outputs, expected)
      Self.check(try await onItsOwnThread { try tasks.run(on: executor) }, outputs, expected)
    }
  }

  @Test func `values are the same on every executor`() throws {
    let (tasks, outputs, expected) = try Self.random(500, seed: 9, asynchronously: true)
    for seed in 0..<5 as Range<UInt64> { Self.check(try tasks.run(on: SeededExecutor(seed: seed)), outputs, expected) }
    for width in [1, 3] { Self.check(try tasks.run(on: GraphExecutor(width: width)), outputs, expected) }
    Self.check(try tasks.run(), outputs, expected)
  }
}
