import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// What tasks make reaches the tasks that take it, and the results.
@Suite(.timeLimit(.minutes(20)), .watched()) struct TaskOutputTests {
  @Test func `values of any types flow through tasks of none to six inputs`() async throws {
    var graph = TaskGraph()
    let none = graph.task("none") { 3 }
    let one = graph.task("one", none) { none in "\(none)" }
    let two = graph.task("two", none, one) { none, one in [one: none] }
    let three = graph.task("three", none, one, two) { none, one, two in Double(none + one.count) + Double(two["3"]!) }
    let four = graph.task("four", none, one, two, three) { $0 > 0 && $1 == "3" && $2.count == 1 && $3 == 7 }
    let five = graph.task("five", none, one, two, three, four) { none, one, two, three, four -> (Bool, String)? in
      (four, "\(none) \(one) \(two) \(three)")
    }
    let six = graph.task("six", none, one, two, three, four, five) { _, _, _, _, four, five in
      await Task.yield()
      return four && five!.0 ? five!.1 : "wrong"
    }
    let tasks = try graph.frozen()
    let results = try await tasks.run(on: GraphExecutor(width: 2))
    #expect(results[none] == 3)
    #expect(results[two] == ["3": 3])
    #expect(results[five]!.0)
    #expect(results[six] == "3 3 [\"3\": 3] 7.0")
    #expect(try await onItsOwnThread { try tasks.run(on: GraphExecutor(width: 2))[six] } == results[six])
  }

  @Test func `the closure's form decides whether a task is asynchronous`() throws {
    @Sendable func later(_ value: Int) async -> Int { value + 1 }
    @Sendable func now(_ value: Int) -> Int { value + 1 }
    var graph = TaskGraph()
    let source = graph.task("source") { 1 }
    #expect(!graph.tasks.hasAsynchronousWork)
    graph.task("now", source, run: now)
    graph.addTask("now") {}
    #expect(!graph.tasks.hasAsynchronousWork)
    var (typed, untyped) = (graph, graph)
    typed.task("later", source, run: later)
    untyped.addTask("later") { try await Task.sleep(for: .zero) }
    #expect(typed.tasks.hasAsynchronousWork && untyped.tasks.hasAsynchronousWork)
  }

  @Test func `outputs of one type are gathered in their order`() throws {
    var graph = TaskGraph()
    let parts = (0..<100).map { index in graph.task("part \(index)") { index } }
    let gathered = graph.gather(parts)
    let sum = graph.task("sum", gathered) { $0.reduce(0, +) }
    let nothing = graph.gather([TaskOutput<Int>]())
    let results = try graph.frozen().run(on: SeededExecutor(seed: 4))
    #expect(results[gathered] == Array(0..<100))
    #expect(results[sum] == 4_950)
    #expect(results[nothing] == [])
  }

  @Test func `a task may make nothing`() throws {
    var graph = TaskGraph()
    let done = Tally()
    let first: TaskOutput<Void> = graph.task("first") { done.add() }.discarded(in: &graph)
    let second = graph.task("second", first) { _ in #expect(done.value == 1) }
    let results = try graph.frozen().run(on: SeededExecutor(seed: 4))
    #expect(results[second] == ())
  }

  /// Counts those that are alive.
  final class Counted: Sendable {
    let alive: Tally
    init(_ alive: Tally) { self.alive = alive }
    deinit { alive.add() }
  }

  @Test func `values end with the results, and with a run that fails`() async throws {
    struct Broken: Error {}
    let ended = Tally()
    var graph = TaskGraph()
    let first = graph.task("first") { Counted(ended) }
    let second = graph.task("second", first) { first in (first, Counted(ended)) }
    var broken = graph
    broken.task("broken", second) { _ in throw Broken() }
    do {
      let results = try await graph.frozen().run(on: GraphExecutor(width: 1))
      #expect(results[second].0 === results[first])
      #expect(ended.value == 0)
    }
    #expect(ended.value == 2)
    await #expect(throws: TaskFailure.self) { try await broken.frozen().run(on: GraphExecutor(width: 1)) }
    #expect(ended.value == 4)
  }

  @Test func `tasks added before a copy are of both, those added after it of one`() throws {
    var graph = TaskGraph()
    let before = graph.task("before") { 1 }
    var copy = graph
    let ours = graph.task("ours", before) { $0 + 1 }
    let theirs = copy.task("theirs", before) { $0 + 2 }
    #expect(ours.id.unit == theirs.id.unit && ours.id != theirs.id)
    let results = try graph.frozen().run(on: SeededExecutor(seed: 1))
    let others = try copy.frozen().run(on: SeededExecutor(seed: 1))
    #expect((results[before], results[ours]) == (1, 2))
    #expect((others[before], others[theirs]) == (1, 3))
    #expect(!graph.tasks.owns(theirs.id) && !copy.tasks.owns(ours.id))
    let again = copy.task("again", theirs) { $0 }
    #expect(try copy.frozen().run(on: SeededExecutor(seed: 1))[again] == 3)
  }
}

extension TaskOutput {
  /// The same task, whose value nobody wants.
  fileprivate func discarded(in graph: inout TaskGraph) -> TaskOutput<Void> { graph.task("discard", self) { _ in } }
}
