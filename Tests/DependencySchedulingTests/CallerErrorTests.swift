import StressScale
import Testing

@testable import DependencyScheduling

/// A caller's bug ends the process with a sentence that says what was expected and what came.
@Suite(.timeLimit(.minutes(20)), .watched()) struct CallerErrorTests {
  /// Whether the process that ended said `sentence`. Without debug information the message is not printed.
  private func said(_ sentence: String, _ result: ExitTest.Result?) -> Bool {
    guard let result else { return false }
    return String(decoding: result.standardErrorContent, as: UTF8.self).contains(sentence)
  }

  @Test(arguments: [0, -1, .min, 4_097, .max]) func `a width that no executor can have is a typed error`(width: Int)
    throws
  {
    #expect(throws: InvalidWidth(width: width)) { try GraphExecutor(width: width) }
    let executor = try GraphExecutor(width: 2)
    #expect(throws: InvalidWidth(width: width)) { try executor.setWidth(width) }
    #expect(executor.width == 2)
    let sentence = "the width of an executor is from 1, its caller, to 4096, got \(width)"
    #expect("\(InvalidWidth(width: width))" == sentence)
  }

  @Test func `an edge that runs backwards traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Schedule(successorOffsets: [0, 0, 1], successors: [0])
    }
    #expect(said("An edge runs from a lower to a higher unit below 2, got 1 -> 0", result))
  }

  @Test func `an edge to a unit that does not exist traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Schedule(unitCount: 2, dependencies: [(0, 2)])
    }
    #expect(said("An edge joins two of the 2 units, got 0 -> 2", result))
  }

  @Test func `costs that are not one a unit trap`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Schedule(unitCount: 2, dependencies: [], costs: [1])
    }
    #expect(said("Costs come one a unit: 2 units, got 1 costs", result))
  }

  @Test func `a negative cost traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Schedule(unitCount: 1, dependencies: [], costs: [-1])
    }
    #expect(said("A cost is a finite number of nanoseconds from zero up, got -1.0 for unit 0", result))
  }

  @Test func `an infinite cost traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Schedule(unitCount: 1, dependencies: [], costs: [.infinity])
    }
    #expect(said("A cost is a finite number of nanoseconds from zero up, got inf for unit 0", result))
  }

  @Test func `a task of another graph traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var large = TaskGraph()
      large.addTask("a") {}
      let foreign = large.addTask("b") {}
      var small = TaskGraph()
      let own = small.addTask("c") {}
      small.addDependency(of: own, on: foreign)
    }
    #expect(said("Task 1 is not of this graph, which has 1 tasks", result))
  }
}
