import Dispatch
import Foundation
import Synchronization
import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct SerialOrderTests {
  private func order(of schedule: Schedule) -> [UInt32] {
    schedule.serialOrder
  }

  @Test func `a lone worker goes on with the first successor, then the next one, then the next root`() throws {
    let schedule = try Schedule(unitCount: 7, dependencies: [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 5)])
    #expect(order(of: schedule) == [0, 1, 2, 4, 3, 5, 6])
  }

  @Test(arguments: 1...5) func `any run can be shared out from any point on`(unitCount: Int) throws {
    for edges in TestGraphs.all(unitCount: unitCount) {
      let schedule = try Schedule(unitCount: unitCount, dependencies: edges)
      let order = order(of: schedule)
      let run = schedule.storage.takeRun()
      for position in 0..<unitCount {
        let rest = Mutex<[UInt32]>([])
        let body = UnitBody { unit in rest.withLock { $0.append(unit.index) } }
        run.open(Run.Order(body: body, width: 2), after: position)
        var caller = Caller(run)
        caller.work()
        let (isComplete, outcome) = (run.progress.isComplete, run.takeOutcome())
        let areArmed = run.counters.cells.areArmed
        #expect(isComplete && outcome.failure == nil && areArmed)
        let found = rest.withLock { $0 }
        #expect(found.sorted() == order[position...].sorted(), "\(edges) from \(position)")
        let places = Dictionary(uniqueKeysWithValues: (order[..<position] + found).enumerated().map { ($1, $0) })
        #expect(edges.allSatisfy { places[$0]! < places[$1]! }, "\(edges) from \(position)")
      }
    }
  }

  private static let site = CallSite()

  /// Makes the next run from ``site`` begin alone: what many runs with next to nothing in the units would have taught.
  private func teachToStayAlone(_ schedule: Schedule, width: Int) {
    schedule.storage.learned.update(LearningKey(site: Self.site, width: width, unitCount: schedule.unitCount)) {
      record in
      record = SharingRecord()
      _ = record.choose(schedule.storage.facts(width: width))
      for _ in 0..<3 {
        record.note(shared: 100_000, work: 100_000)
        record.note(alone: 25_000)
      }
    }
  }

  @Test(arguments: [2, 4])
  func `units that suddenly take long are shared out half way`(width: Int) throws {
    let executor = try GraphExecutor(width: width)
    let witness = OrderWitness(TestGraphs.wavefront(70))
    let caller = pthread_self()
    for run in 1...3 {
      teachToStayAlone(witness.schedule, width: width)
      let (started, helped) = (Tally(), Tally())
      try executor.run(witness.schedule, options: RunOptions(site: Self.site)) { unit in
        witness.visit(unit, run: run)
        spin(microseconds: 5)
        if pthread_equal(pthread_self(), caller) == 0 { helped.add() }
        // Two looks at the clock are past. Asleep, since tests run on Dispatch's threads and Dispatch starts no further
        // one while as many as there are processors are busy.
        guard started.add() == 3_000 else { return }
        for _ in 0..<30_000 where helped.value == 0 { usleep(1_000) }
      }
      #expect(witness.sawCompleteRun(run))
      #expect(helped.value > 0)
    }
  }

  @Test func `an error in a run that is shared out half way ends it, and the next one is right`() throws {
    let executor = try GraphExecutor(width: 2)
    let witness = OrderWitness(TestGraphs.wavefront(70))
    teachToStayAlone(witness.schedule, width: 2)
    #expect(throws: CancellationError.self) {
      try executor.run(witness.schedule, options: RunOptions(site: Self.site)) { unit in
        spin(microseconds: 5)
        if unit.index == 4_000 { throw CancellationError() }
      }
    }
    for run in 1...20 { #expect(try witness.check(on: executor, run: run)) }
  }
}
