import Dispatch
import StressScale
import Testing
import Threads

@testable import DependencyScheduling

/// The width of an executor changes while it is in use.
@Suite(.timeLimit(.minutes(20)), .watched()) struct ChangingWidthTests {
  /// Narrows `executor` while `long` holds all of its seats: each unit that ends makes one occupant get up, until no
  /// more are taken than there are.
  private func narrow(_ executor: GraphExecutor, to width: Int, under long: EndlessRun) async throws {
    let taken = executor.statistics.seatsTaken
    #expect(long.inside == taken)
    try executor.setWidth(width)
    #expect(executor.width == width && executor.statistics.seatsTaken == taken)
    for left in (width..<taken).reversed() {
      await long.pass { executor.statistics.seatsTaken == left }
      #expect(long.inside == left)
    }
  }

  @Test func `a run becomes narrower by a seat a unit, and as wide again as its executor`() async throws {
    let executor = GraphExecutor.sharing(width: 4)
    let long = EndlessRun(isChain: false)
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(long.schedule) { long.unit($0) }
      await eventually { long.inside == 4 }
      for width in [3, 1] {
        try await narrow(executor, to: width, under: long)
        let most = await long.mostAtOnce(whilePassing: 20)
        #expect(most <= width, "at width \(width)")
      }
      try executor.setWidth(2)
      await eventually { long.inside == 2 }
      let most = await long.mostAtOnce(whilePassing: 20)
      #expect(most <= 2)
      long.end()
      try await run
    }
    await eventually { executor.statistics.seatsTaken == 0 }
  }

  @Test func `a run becomes wider with its executor, up to what it began with`() async throws {
    let executor = GraphExecutor.sharing(width: 3)
    let long = EndlessRun(isChain: false)
    try await withWatchdog(executor: executor) {
      async let run: Void = executor.run(long.schedule) { long.unit($0) }
      await eventually { long.inside == 3 }
      try await narrow(executor, to: 1, under: long)
      try executor.setWidth(8)
      await eventually { long.inside == 3 }
      let most = await long.mostAtOnce(whilePassing: 30)
      #expect(most <= 3)
      #expect(long.inside <= 3)
      // A run that begins now is as wide as the executor now.
      let meeting = Meeting(of: 4)
      try await executor.run(TestGraphs.independent(4)) { _ in meeting.attend() }
      long.end()
      try await run
    }
  }

  @Test func `the width changes all the time, and every run ends right`() async throws {
    let executor = GraphExecutor.sharing(width: 4)
    let isOver = Tally()
    try await withWatchdog(executor: executor) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 1...4 {
          group.addTask {
            let witness = OrderWitness(TestGraphs.wavefront(20))
            for run in 1...StressScale.repetitions(200) {
              try await executor.run(witness.schedule) { witness.visit($0, run: run) }
              #expect(witness.sawCompleteRun(run))
            }
          }
        }
        for _ in 1...2 {
          // Jobs that are callers, and lend their seats while units of theirs are suspended.
          group.addTask(executorPreference: executor) {
            let outside = DispatchQueue(label: "outside")
            let witness = OrderWitness(TestGraphs.wavefront(10))
            for run in 1...StressScale.repetitions(200) {
              try runBlocking(witness.schedule, on: executor) { witness.visit($0, run: 2 * run) }
              #expect(witness.sawCompleteRun(2 * run))
              let body = UnitBody(suspending: { unit, context in
                witness.visit(unit, run: 2 * run + 1)
                guard unit.index % 10 == 0 else { return }
                let completion = context.suspend()
                outside.async { completion.finish() }
              })
              try runBlocking(witness.schedule, on: executor, body)
              #expect(witness.sawCompleteRun(2 * run + 1))
              await Task.yield()
            }
          }
        }
        let synchronous = TestThread {
          let witness = OrderWitness(TestGraphs.wavefront(20))
          for run in 1...StressScale.repetitions(200) { #expect(try! witness.check(on: executor, run: run)) }
        }
        let changer = TestThread {
          var random = SeededGenerator(seed: 3)
          while isOver.value == 0 {
            try! executor.setWidth(1 + random.below(6))
            // Asleep, since the others may have to wait long for a thread of Swift's pool.
            doze(microseconds: UInt32(random.below(200)))
          }
        }
        try await group.waitForAll()
        synchronous.join()
        isOver.add()
        changer.join()
      }
    }
    // In the end nobody sits, so all seats are vacant again.
    await eventually { executor.statistics.seatsTaken == 0 }
  }

  @Test func `a parked caller takes over what a seat leaves behind that is there no more`() async throws {
    let executor = GraphExecutor.sharing(width: 2)
    // Units 0 and 1, one for each worker; unit 2 after both, and a chain behind it.
    let schedule = try Schedule(
      unitCount: 10, dependencies: [(0, 2), (1, 2)] + (3..<10).map { (UInt32($0 - 1), UInt32($0)) })
    // A job holds one seat, and is the caller of a run; the other seat works on that run.
    try await withWatchdog(executor: executor) {
      for _ in 1...StressScale.repetitions(10) {
        try executor.setWidth(2)
        let (start, elsewhere) = (Meeting(of: 2), Tally())
        try await Task(executorPreference: executor) {
          let caller = ThreadID.current
          let parks = executor.statistics.callerWaits
          try runBlocking(schedule, on: executor) { unit in
            if unit.index < 2 { start.attend() }
            guard ThreadID.current != caller else { return }
            elsewhere.add()
            // A seat that has sat for a millisecond may be asked to get up.
            doze(microseconds: 2_000)
            executor.awaitSleepOfCaller(after: parks)
            try executor.setWidth(1)
          }
        }.value
        #expect(elsewhere.value == 1)
      }
    }
  }

  @Test func `an executor in use that becomes 1 wide goes on`() throws {
    let executor = GraphExecutor.sharing(width: 4)
    let count = Tally()
    try withWatchdog(executor: executor) {
      try executor.run(TestGraphs.independent(400)) { unit in
        if unit.index == 100 { try executor.setWidth(1) }
        doze(microseconds: 200)
        count.add()
      }
      #expect(count.value == 400)
      let gauge = Gauge()
      try executor.run(TestGraphs.independent(20)) { _ in gauge.within { doze(microseconds: 1_000) } }
      #expect(gauge.most == 1)
    }
  }

  @Test func `an executor that follows the allowance is as wide as a new one`() throws {
    let executor = GraphExecutor.sharing(width: 37)
    #expect(executor.followAllowance() == GraphExecutor().width)
    #expect(executor.width == GraphExecutor().width)
    let witness = OrderWitness(TestGraphs.wavefront(10))
    #expect(try withWatchdog(executor: executor) { try witness.check(on: executor) })
  }
}
