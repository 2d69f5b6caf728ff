import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// Tasks, outputs and groups of other graphs end the process with a sentence, whatever their index.
@Suite(.timeLimit(.minutes(20)), .watched()) struct ForeignTaskTests {
  private func said(_ sentence: String, _ result: ExitTest.Result?) -> Bool {
    guard let result else { return false }
    return String(decoding: result.standardErrorContent, as: UTF8.self).contains(sentence)
  }

  @Test func `a task of another graph traps, even if there is one of its index`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var (other, graph) = (TaskGraph(), TaskGraph())
      let foreign = other.addTask("a") {}
      graph.addTask("b") {}
      graph.addDependency(of: graph.addTask("c") {}, on: foreign)
    }
    #expect(said("Task 0 is not of this graph, which has 2 tasks of its own", result))
  }

  @Test func `a task added to a copy traps in the original`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var graph = TaskGraph()
      let common = graph.addTask("a") {}
      var copy = graph
      copy.addDependency(of: copy.addTask("b") {}, on: common)
      let ours = graph.addTask("c") {}
      let theirs = copy.addTask("d") {}
      graph.addTask("e") {}
      graph.addTask("f") {}
      graph.addDependency(of: theirs, on: ours)
    }
    #expect(said("Task 2 is not of this graph, which has 4 tasks of its own", result))
  }

  @Test func `an input of another graph traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var (other, graph) = (TaskGraph(), TaskGraph())
      let foreign = other.task("a") { 1 }
      graph.task("b") { 1 }
      graph.task("c", foreign) { $0 }
    }
    #expect(said("Task 0 is not of this graph, which has 1 tasks of its own", result))
  }

  @Test func `an output of another graph traps in the results`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var (other, graph) = (TaskGraph(), TaskGraph())
      let foreign = other.task("a") { 1 }
      graph.task("b") { "one" }
      let tasks = try graph.frozen()
      _ = try await onItsOwnThread { try tasks.run(on: SeededExecutor(seed: 1)) }[foreign]
    }
    #expect(said("The results are those of another graph", result))
    #expect(said("they have no Int of task 0", result))
  }

  @Test func `a group of another graph traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var (other, graph) = (TaskGraph(), TaskGraph())
      let foreign = try other.group("disk", limit: 2)
      _ = try graph.group("disk", limit: 2)
      graph.addTask("a", in: foreign) {}
    }
    #expect(said("Group \"disk\" is not of this graph, which has 1 groups of its own", result))
  }

  @Test func `a graph whose tasks take outputs cannot be turned round`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var graph = TaskGraph()
      graph.task("b", graph.task("a") { 1 }) { $0 }
      _ = try graph.frozen().reversed
    }
    #expect(said("Task \"b\" takes an output: in the reversed graph it would run before that is made", result))
  }
}
