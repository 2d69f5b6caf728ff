import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct FailureTests {
  struct Failure: Error, Equatable {
    var unit: UnitID
  }

  @Test(arguments: [1, 2, 4, 8])
  func `a unit that throws ends its run, its successors never start, the next run is right`(width: Int) throws {
    var random = SeededGenerator(seed: UInt64(width))
    let executor = GraphExecutor.sharing(width: width)
    let edges = TestGraphs.random(unitCount: 400, fanOut: 30, seed: 7)
    let witness = OrderWitness(try Schedule(unitCount: 400, dependencies: edges))
    var run = 0
    for _ in 0..<StressScale.repetitions(1_000) {
      run += 1
      let thrower = UnitID(UInt32(random.below(400)))
      let started = Tally()
      #expect(throws: Failure(unit: thrower)) {
        try executor.run(witness.schedule) { [run] unit in
          started.add()
          if unit == thrower { throw Failure(unit: unit) }
          witness.visit(unit, run: run)
        }
      }
      let startedAtReturn = started.value
      #expect(witness.sawOrder)
      // The witness would have counted a successor that ran without the thrower's mark; it never ran at all.
      for successor in witness.schedule.successors(of: thrower) { #expect(!witness.ran(successor, run: run)) }
      run += 1
      #expect(try witness.check(on: executor, run: run), "run \(run), thrower \(thrower)")
      #expect(started.value == startedAtReturn)
    }
  }

  @Test func `the first error wins`() throws {
    let storage = TestGraphs.independent(10).storage
    let run = Run(storage)
    run.open(Run.Order(body: UnitBody { _ in }, width: 2))
    run.stop(because: Failure(unit: UnitID(3)))
    run.stop(because: Failure(unit: UnitID(4)))
    run.stop(because: CancellationError())
    #expect(run.takeOutcome().failure as? Failure == Failure(unit: UnitID(3)))
  }

  @Test func `a failed run leaves no error behind`() throws {
    let storage = TestGraphs.independent(10).storage
    let run = Run(storage)
    run.open(Run.Order(body: UnitBody { _ in }, width: 1))
    run.stop(because: CancellationError())
    #expect(run.takeOutcome().failure != nil)
    run.open(Run.Order(body: UnitBody { _ in }, width: 1))
    var caller = Caller(run)
    caller.work()
    let isComplete = run.progress.isComplete
    #expect(isComplete)
    #expect(run.takeOutcome().failure == nil)
  }

  @Test func `alone, nothing runs after the unit that throws`() throws {
    let last = Tally()
    #expect(throws: Failure(unit: UnitID(500))) {
      try GraphExecutor.sharing(width: 1).run(TestGraphs.chain(1_000)) { unit in
        last.add()
        if unit.index == 500 { throw Failure(unit: unit) }
      }
    }
    #expect(last.value == 501)
  }

  @Test(arguments: [2, 8]) func `when every unit throws, one error comes out`(width: Int) throws {
    let executor = GraphExecutor.sharing(width: width)
    let schedule = TestGraphs.independent(1_000)
    for _ in 0..<200 {
      let started = Tally()
      #expect(throws: Failure.self) {
        try executor.run(schedule) { unit in
          started.add()
          throw Failure(unit: unit)
        }
      }
      // Each worker throws at most once before it leaves, and a place that was left may be taken again only before
      // the stop is seen.
      #expect(started.value <= width)
    }
  }
}
