import StressScale
import Testing

@testable import DependencyScheduling

/// What runs make, and leave for later ones.
@Suite(.timeLimit(.minutes(20)), .watched()) struct RunStateTests {
  @Test func `eight runs at once make eight states, and the next eight none`() throws {
    let executor = GraphExecutor.sharing(width: 2)
    let schedule = TestGraphs.chain(3)
    withWatchdog(executor: executor) {
      for _ in 1...3 {
        // All eight have taken a state before any gives it back.
        let meeting = Meeting(of: 8)
        let threads = (1...8).map { _ in
          TestThread { try! executor.run(schedule) { if $0.index == 1 { meeting.attend() } } }
        }
        for thread in threads { thread.join() }
        #expect(schedule.storage.pooledRuns == 8)
      }
    }
  }

  @Test func `asynchronous runs give their states back too, also after an error`() async throws {
    struct Failure: Error {}
    let executor = GraphExecutor.sharing(width: 2)
    let schedule = TestGraphs.wavefront(5)
    try await withWatchdog(executor: executor) {
      for _ in 1...5 {
        try await executor.run(schedule) { _ in }
        await #expect(throws: Failure.self) {
          try await executor.run(schedule) { if $0.index == 7 { throw Failure() } }
        }
      }
    }
    #expect(schedule.storage.pooledRuns == 1)
  }

  @Test func `a token that outlives its runs keeps none of them`() throws {
    let token = CancellationToken()
    weak var kept: Run?
    weak var taskValue: Tally?
    do {
      let schedule = TestGraphs.chain(3)
      let executor = try GraphExecutor(width: 1)
      let body = UnitBody(suspending: { _, context in context.suspend().finish() })
      for _ in 1...3 { try executor.run(schedule, body, cancellation: token) }
      let run = schedule.storage.takeRun()
      kept = run
      schedule.storage.giveBack(run)
      var graph = TaskGraph()
      let value = Tally()
      taskValue = value
      graph.task("keep") { () async in _ = value.add() }
      try graph.frozen().run(on: executor, cancellation: token)
    }
    #expect(kept == nil)
    // A Swift task keeps its closure for a moment after the last statement in it, with which the run ends.
    waitUntil { taskValue == nil }
    #expect(!token.isCancelled)
  }

  @Test func `a row of deques gives places lowest first, and forgets what an earlier run left`() {
    let row = DequeRow(capacity: 8)
    for width in [1, 3, 5, 2] {
      row.reset(width: width)
      #expect(row.placesInUse == 0 && !row.haveUnits && row.readyCount == 0)
      for place in 0..<width {
        #expect(row.take() == place)
        #expect(row.placesInUse == place + 1 && row[place].isEmpty)
      }
      for place in 0..<width {
        row[place].push(UInt32(place))
        // Nothing but this place has a unit, wherever it is in the row.
        #expect(row.haveUnits && row.readyCount == 1 && row.counts[place] == 1)
        #expect(row[place].steal() == .unit(UInt32(place)))
      }
      #expect(!row.haveUnits)
      // The last to leave is the first to be replaced, and what it has left is there.
      for place in 0..<width { row[place].push(7) }
      for place in (0..<width).reversed() { row.giveBack(place) }
      #expect(row.take() == 0 && row[0].count == 1)
      #expect(row.readyCount == width)
    }
  }

  @Test func `an inbox counts what lies in it`() {
    let inbox = UnitInbox()
    for _ in 1...2 {
      #expect(inbox.isEmpty && inbox.take() == nil)
      for unit in 1...3 as ClosedRange<UInt32> {
        inbox.add(unit)
        #expect(!inbox.isEmpty && inbox.readyCount == Int(unit))
      }
      for unit in [3, 2] as [UInt32] {
        #expect(inbox.take() == unit)
        #expect(inbox.readyCount == Int(unit) - 1)
      }
      inbox.reset()
      #expect(inbox.isEmpty && inbox.readyCount == 0 && inbox.take() == nil)
    }
  }

  @Test func `a run of the widest executor touches as many deques as workers came`() throws {
    for _ in 1...20 {
      let executor = try GraphExecutor(width: 4_096, sharing: .always)
      let schedule = TestGraphs.wavefront(4)
      try withWatchdog(executor: executor) { try executor.run(schedule) { _ in } }
      let deques = schedule.storage.takeRun().deques.placesInUse
      // The caller has one, and whoever was woken.
      #expect((1...1 + executor.statistics.seatsWoken).contains(deques))
      #expect(deques <= schedule.unitCount)
    }
  }
}
