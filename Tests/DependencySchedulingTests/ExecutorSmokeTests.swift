import Synchronization
import Testing

@testable import DependencyScheduling

@Suite struct ExecutorSmokeTests {
  @Test(arguments: [1, 2, 4]) func `every unit runs once and after its predecessors`(width: Int) throws {
    let edges: [(UInt32, UInt32)] = (0..<10_000).flatMap { unit in
      (1...3).compactMap { step in
        let target = unit + step * 7
        return target < 10_000 ? (UInt32(unit), UInt32(target)) : nil
      }
    }
    let schedule = try Schedule(unitCount: 10_000, dependencies: edges)
    let executor = GraphExecutor(width: width)
    let ran = (0..<10_000).map { _ in Counter() }
    var predecessors = [[Int]](repeating: [], count: 10_000)
    for (from, to) in edges { predecessors[Int(to)].append(Int(from)) }
    let frozen = predecessors
    for run in 1...50 {
      try executor.run(schedule) { unit in
        for predecessor in frozen[Int(unit.index)] {
          precondition(ran[predecessor].value.load(ordering: .relaxed) == run)
        }
        ran[Int(unit.index)].value.add(1, ordering: .relaxed)
      }
      #expect(ran.allSatisfy { $0.value.load(ordering: .relaxed) == run })
    }
  }

  @Test func `async runs and task graphs run`() async throws {
    var graph = TaskGraph()
    let log = Counter()
    let first = graph.addTask("first") { log.value.add(1, ordering: .relaxed) }
    let second = graph.addTask("second") { log.value.add(1, ordering: .relaxed) }
    graph.addDependency(of: second, on: first)
    let tasks = try graph.frozen()
    try await tasks.run(on: GraphExecutor.shared)
    try tasks.run(on: SeededExecutor(seed: 1))
    #expect(log.value.load(ordering: .relaxed) == 4)
    graph.addDependency(of: first, on: second)
    #expect(throws: CycleError.self) { try graph.frozen() }
  }
}

final class Counter: Sendable {
  let value = Atomic<Int>(0)
}
