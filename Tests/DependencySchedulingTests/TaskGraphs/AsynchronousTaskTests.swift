import Dispatch
import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// Asynchronous tasks, in both kinds of runs.
@Suite(.timeLimit(.minutes(20)), .watched()) struct AsynchronousTaskTests {
  @TaskLocal static var request = "none"

  @Test func `tasks see the task-local values of whoever awaits the run`() async throws {
    var graph = TaskGraph()
    let first = graph.task("first") { Self.request }
    let later = graph.task("later", first) { first in
      try await Task.sleep(for: .milliseconds(1))
      return first + Self.request
    }
    let wide = (0..<20).map { index in graph.task("wide \(index)", later) { $0 + Self.request } }
    let all = graph.gather(wide)
    let tasks = try graph.frozen()
    for request in ["a", "b"] {
      let results = try await Self.$request.withValue(request) { try await tasks.run(on: GraphExecutor(width: 2)) }
      #expect(results[all] == [String](repeating: request + request + request, count: 20))
    }
  }

  @Test func `tasks that sleep hold no seat`() async throws {
    var graph = TaskGraph()
    let asleep = graph.task("begin") { Tally() }
    for index in 0..<100 {
      graph.task("sleep \(index)", asleep) { asleep in
        asleep.add()
        // Until all of them are asleep at once.
        while asleep.value < 100 { try await Task.sleep(for: .milliseconds(1)) }
      }
    }
    let tasks = try graph.frozen()
    let executor = try GraphExecutor(width: 1)
    try await tasks.run(on: executor)
    try await onItsOwnThread { try tasks.run(on: executor) }
  }

  @Test func `tasks run on the executor's seats`() async throws {
    let executor = try GraphExecutor(width: 2)
    var graph = TaskGraph()
    let now = graph.task("now") { CurrentRun.isOnSeat(of: executor.seats) }
    let later = graph.task("later", now) { now in
      await Task.yield()
      return now && CurrentRun.isOnSeat(of: executor.seats)
    }
    let results = try await graph.frozen().run(on: executor)
    #expect(results[later])
  }

  @Test func `a synchronous run within a task of a single seat ends`() async throws {
    let executor = try GraphExecutor(width: 1)
    var inner = TaskGraph()
    let value = inner.task("value") {
      try await Task.sleep(for: .milliseconds(1))
      return 3
    }
    let tasks = try inner.frozen()
    var outer = TaskGraph()
    let result = outer.task("outer") { try tasks.run(on: executor)[value] }
    #expect(try await outer.frozen().run(on: executor)[result] == 3)
    let count = Tally()
    try await executor.run(TestGraphs.chain(2)) { _ in
      if try tasks.run(on: executor)[value] == 3 { count.add() }
    }
    #expect(count.value == 2)
  }

  @Test func `an executor that knows no better waits for each asynchronous task`() throws {
    var graph = TaskGraph()
    let values = (0..<20).map { index in
      graph.task("value \(index)") { () -> Int in
        await Task.yield()
        return index
      }
    }
    let sum = graph.task("sum", graph.gather(values)) { $0.reduce(0, +) }
    #expect(try graph.frozen().run(on: SeededExecutor(seed: 3))[sum] == 190)
  }

  @Test(arguments: [1, 2]) func `a trace names asynchronous tasks too`(width: Int) throws {
    var graph = TaskGraph()
    let group = try graph.group("narrow", limit: 1)
    for index in 0..<10 { graph.task("wait \(index)", in: group) { try await Task.sleep(for: .milliseconds(1)) } }
    let trace = try graph.frozen().trace(on: GraphExecutor(width: width), name: "waits")
    #expect(trace.summary.hasPrefix("waits: ") && trace.summary.contains("wait 9"))
  }

  @Test func `runs of one frozen graph at once do not meet`() async throws {
    var graph = TaskGraph()
    let source = graph.task("source") { Self.request }
    let copies = (0..<50).map { index in
      graph.task("copy \(index)", source) { source in
        if index % 3 == 0 { await Task.yield() }
        return source
      }
    }
    let all = graph.gather(copies)
    let tasks = try graph.frozen()
    let executor = try GraphExecutor(width: 2)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for run in 0..<StressScale.repetitions(100) {
        group.addTask {
          let results = try await Self.$request.withValue("\(run)") { try await tasks.run(on: executor) }
          #expect(results[all] == [String](repeating: "\(run)", count: 50))
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func `an empty graph has run`() async throws {
    let tasks = try TaskGraph().frozen()
    try await tasks.run()
    try await onItsOwnThread { try tasks.run() }
  }
}
