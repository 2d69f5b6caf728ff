import StressScale
import Testing
import Threads
import VirtualExecution

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct TaskGraphTests {
  /// Names in the order in which tasks ran.
  final class Log: Sendable {
    private let lock = PlatformLock()
    private nonisolated(unsafe) var entries: [String] = []  // because only touched under the lock

    func append(_ entry: String) { lock.withLock { entries.append(entry) } }
    func drain() -> [String] {
      lock.withLock {
        defer { entries = [] }
        return entries
      }
    }
  }

  private func chain(_ names: [String], _ log: Log) -> TaskGraph {
    var graph = TaskGraph()
    let tasks = names.map { name in graph.addTask(name) { log.append(name) } }
    for (earlier, later) in zip(tasks, tasks.dropFirst()) { graph.addDependency(of: later, on: earlier) }
    return graph
  }

  @Test func `tasks run in order, again and again, forwards and backwards`() throws {
    let log = Log()
    let tasks = try chain(["fetch", "parse", "store"], log).frozen()
    for _ in 0..<3 {
      try tasks.run(on: GraphExecutor.shared)
      #expect(log.drain() == ["fetch", "parse", "store"])
      try tasks.reversed.run(on: SeededExecutor(seed: 3))
      #expect(log.drain() == ["store", "parse", "fetch"])
    }
    #expect(tasks.names == ["fetch", "parse", "store"])
    #expect(tasks.name(of: UnitID(1)) == "parse")
  }

  @Test func `tasks run in order from asynchronous code`() async throws {
    let log = Log()
    let tasks = try chain(["fetch", "parse", "store"], log).frozen()
    for _ in 0..<3 {
      try await tasks.run(on: try GraphExecutor(width: 2))
      #expect(log.drain() == ["fetch", "parse", "store"])
    }
  }

  @Test func `a cycle is listed by name`() throws {
    var graph = TaskGraph()
    let parse = graph.addTask("parse") {}
    let check = graph.addTask("check") {}
    graph.addTask("alone") {}
    graph.addDependency(of: check, on: parse)
    graph.addDependency(of: parse, on: check)
    let error = try #require(throws: CycleError.self) { try graph.frozen() }
    #expect(error.names == ["parse", "check"])
    #expect(error.description == "the dependencies form a cycle: parse -> check -> parse")
  }

  @Test func `copies of a graph are independent`() throws {
    let log = Log()
    let short = chain(["a"], log)
    var long = short
    long.addTask("b") { log.append("b") }
    try short.frozen().run(on: try GraphExecutor(width: 1))
    #expect(log.drain() == ["a"])
    #expect(short.taskCount == 1)
    #expect(long.taskCount == 2)
  }

  @Test func `costs count only if every task has one`() throws {
    var graph = TaskGraph()
    graph.addTask("a", estimatedNanoseconds: 5) {}
    #expect(try graph.frozen().schedule.estimatedWork == 5)
    graph.addTask("b") {}
    #expect(try graph.frozen().schedule.estimatedWork == nil)
  }

  @Test func `one task can wait for many`() throws {
    var graph = TaskGraph()
    let done = Tally()
    let parts = (0..<50).map { index in graph.addTask("part \(index)") { done.add() } }
    let sum = graph.addTask("sum") { #expect(done.value == 50) }
    graph.addDependencies(of: sum, on: parts)
    try graph.frozen().run(on: try GraphExecutor(width: 4))
    #expect(done.value == 50)
  }

  @Test func `tasks of both forms mix, and an output is a task to wait for`() throws {
    let log = Log()
    var graph = TaskGraph()
    let open = graph.addTask("open") { log.append("open") }
    let lines = graph.task("read") { () -> Int in
      log.append("read")
      return 3
    }
    let close = graph.addTask("close") { log.append("close") }
    graph.addDependency(of: lines, on: open)
    graph.addDependencies(of: close, on: [lines])
    #expect(try graph.frozen().run(on: SeededExecutor(seed: 1))[lines] == 3)
    #expect(log.drain() == ["open", "read", "close"])
  }
}
