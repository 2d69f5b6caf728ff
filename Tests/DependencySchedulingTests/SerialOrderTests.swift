import Dispatch
import Foundation
import Synchronization
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(5))) struct SerialOrderTests {
  private func order(of schedule: Schedule) -> [UInt32] {
    Array(UnsafeBufferPointer(start: schedule.storage.serialOrder(), count: schedule.unitCount))
  }

  @Test func `a lone worker goes on with the first successor, then the youngest unit, then the next root`() throws {
    let schedule = try Schedule(unitCount: 7, dependencies: [(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 5)])
    #expect(order(of: schedule) == [0, 1, 3, 5, 2, 4, 6])
  }

  @Test(arguments: 1...5) func `any run can be shared out from any point on`(unitCount: Int) throws {
    for edges in TestGraphs.all(unitCount: unitCount) {
      let schedule = try Schedule(unitCount: unitCount, dependencies: edges)
      let order = order(of: schedule)
      let run = schedule.storage.takeRun()
      for position in 0..<unitCount {
        run.open(width: 2, roster: nil, cancellation: nil, after: position)
        let rest = Mutex<[UInt32]>([])
        run.work(as: 0) { unit in rest.withLock { $0.append(unit.index) } }
        #expect(run.progress.isComplete)
        #expect(run.close() == nil && run.counters.areArmed)
        let found = rest.withLock { $0 }
        #expect(found.sorted() == order[position...].sorted(), "\(edges) from \(position)")
        let places = Dictionary(uniqueKeysWithValues: (order[..<position] + found).enumerated().map { ($1, $0) })
        #expect(edges.allSatisfy { places[$0]! < places[$1]! }, "\(edges) from \(position)")
      }
    }
  }

  /// What many runs with next to nothing in the units would have taught.
  private var taughtToStayAlone: SharingRecord {
    var record = SharingRecord()
    record.note(shared: 20)
    record.note(alone: 5)
    return record
  }

  @Test(arguments: [2, 4])
  func `units that suddenly take long are shared out half way`(width: Int) throws {
    let executor = GraphExecutor(width: width)
    let witness = OrderWitness(TestGraphs.wavefront(70))
    let caller = pthread_self()
    for run in 1...3 {
      witness.schedule.storage.sharingRecord = taughtToStayAlone
      let (started, helped) = (Tally(), Tally())
      try executor.run(witness.schedule) { unit in
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
    let executor = GraphExecutor(width: 2)
    let witness = OrderWitness(TestGraphs.wavefront(70))
    witness.schedule.storage.sharingRecord = taughtToStayAlone
    #expect(throws: CancellationError.self) {
      try executor.run(witness.schedule) { unit in
        spin(microseconds: 5)
        if unit.index == 4_000 { throw CancellationError() }
      }
    }
    for run in 1...20 { #expect(try witness.check(on: executor, run: run)) }
  }
}
