extension WakingScenario {
  /// A unit that three others, or two, wait for, and one that waits for them.
  private static let fork = [[1, 2, 3], [4], [4], [4], []]
  private static let smallFork = [[1, 2], [3], [3], []]
  /// Units that wait for nothing.
  private static func roots(_ count: Int) -> [[Int]] { Array(repeating: [], count: count) }
  private static let chain = [[1], []]
  /// Two chains, one of which sets the other's end free late.
  private static let ladder = [[1, 2], [3], [3, 4], [], []]

  /// What a test walks each time.
  static let small: [WakingScenario] = [
    // A caller and seats.
    WakingScenario("a caller alone", width: 1, [Plan(smallFork, caller: true, seats: 0)]),
    WakingScenario("a caller and one seat", width: 2, [Plan(fork, caller: true, seats: 1)]),
    WakingScenario("a caller and two seats", width: 3, [Plan(smallFork, caller: true, seats: 2)]),
    WakingScenario("a caller and one seat, three roots", width: 2, [Plan(roots(3), caller: true, seats: 1)]),
    WakingScenario("a unit becomes ready late", width: 2, [Plan(ladder, caller: true, seats: 1)]),
    WakingScenario("a unit throws", width: 3, [Plan(smallFork, caller: true, seats: 2, failing: [0, 1, 2, 3])]),
    WakingScenario(
      "a cancellation from outside", width: 2, [Plan(smallFork, caller: true, seats: 1)], [[.cancel(0)]]),
    // Seats alone.
    WakingScenario("an asynchronous run", width: 3, [Plan(fork, caller: false, seats: 3)], [[.open(0)]]),
    WakingScenario(
      "an asynchronous run of three roots", width: 2, [Plan(roots(3), caller: false, seats: 2)], [[.open(0)]]),
    WakingScenario(
      "an asynchronous run is cancelled", width: 2, [Plan(smallFork, caller: false, seats: 2)],
      [[.open(0)], [.cancel(0)]]),
    WakingScenario(
      "a run begins alone", width: 2, [Plan(ladder, caller: false, seats: 2, isLone: true)], [[.open(0)]]),
    WakingScenario(
      "a run begins alone, and gives way to a job", width: 1, [Plan(chain, caller: false, seats: 1, isLone: true)],
      [[.open(0)], [.enqueue]]),
    WakingScenario(
      "seats on a host's threads", width: 2, [Plan(roots(2), caller: false, seats: 2)], [[.open(0)], [.enqueue]],
      seatsOverlap: true),
    // Two runs.
    WakingScenario(
      "two runs, one asynchronous, one seat", width: 1,
      [Plan(chain, caller: true, seats: 0), Plan(roots(2), caller: false, seats: 1)], [[.open(1)]]),
    WakingScenario(
      "two runs, one asynchronous, two seats", width: 2,
      [Plan([[]], caller: true, seats: 1), Plan(chain, caller: false, seats: 2)], [[.open(1)]]),
    WakingScenario(
      "two asynchronous runs, one seat", width: 1,
      [Plan(ladder, caller: false, seats: 1), Plan(chain, caller: false, seats: 1)], [[.open(0)], [.open(1)]]),
    WakingScenario(
      "two asynchronous runs, two seats", width: 2,
      [Plan(roots(2), caller: false, seats: 2), Plan(chain, caller: false, seats: 2)], [[.open(0)], [.open(1)]]),
    // Units completed from outside.
    WakingScenario(
      "a unit is completed from outside", width: 2, [Plan(smallFork, caller: true, seats: 1, suspending: [0])],
      [[.complete(run: 0, unit: 0)]]),
    WakingScenario(
      "two units are completed from outside", width: 2,
      [Plan([[1], [], [3], []], caller: false, seats: 1, suspending: [0, 2])],
      [[.open(0), .complete(run: 0, unit: 0)], [.complete(run: 0, unit: 2)]]),
    WakingScenario(
      "the run of a suspended unit is cancelled", width: 2, [Plan(chain, caller: true, seats: 1, suspending: [0])],
      [[.complete(run: 0, unit: 0)], [.cancel(0)]]),
    WakingScenario(
      "an asynchronous run is cancelled and its unit completed", width: 1,
      [Plan([[]], caller: false, seats: 1, suspending: [0])], [[.open(0), .complete(run: 0, unit: 0)], [.cancel(0)]]),
    // The width changes.
    WakingScenario(
      "the width grows", width: 1, mostSeats: 2, [Plan(roots(3), caller: false, seats: 2)],
      [[.open(0)], [.setWidth(2)]]),
    WakingScenario(
      "the width shrinks", width: 2, [Plan(roots(3), caller: false, seats: 2)], [[.open(0)], [.setWidth(1)]]),
    WakingScenario(
      "the width grows and shrinks", width: 1, mostSeats: 2, [Plan(chain, caller: false, seats: 2)],
      [[.open(0)], [.setWidth(2), .setWidth(1)]]),
    WakingScenario("jobs while the width shrinks", width: 2, [], [[.enqueue, .enqueue], [.setWidth(1)]]),
    // Jobs.
    WakingScenario("a job beside a run", width: 2, [Plan(chain, caller: false, seats: 2)], [[.open(0)], [.enqueue]]),
    WakingScenario(
      "a seat gives way beside a parked caller", width: 1, [Plan(chain, caller: true, seats: 1)], [[.enqueue]]),
    WakingScenario(
      "two asynchronous runs and a job, one seat", width: 1,
      [Plan(chain, caller: false, seats: 1), Plan([[]], caller: false, seats: 1)],
      [[.open(0), .open(1)], [.enqueue]]),
  ]

  /// What a soak walks besides.
  static let large: [WakingScenario] = [
    WakingScenario(
      "a caller and two seats, a fork", width: 3, [Plan([[1, 2, 3], [], [], []], caller: true, seats: 2)]),
    WakingScenario(
      "the width grows and shrinks, two roots", width: 1, mostSeats: 2, [Plan(roots(2), caller: false, seats: 2)],
      [[.open(0)], [.setWidth(2), .setWidth(1)]]),
    WakingScenario("a caller and two seats, a fork and a join", width: 3, [Plan(fork, caller: true, seats: 2)]),
    WakingScenario("a caller and two seats, three roots", width: 3, [Plan(roots(3), caller: true, seats: 2)]),
    WakingScenario("a caller and two seats, four roots", width: 3, [Plan(roots(4), caller: true, seats: 2)]),
    WakingScenario("a unit becomes ready late, two seats", width: 3, [Plan(ladder, caller: true, seats: 2)]),
    WakingScenario(
      "a cancellation from outside, two seats", width: 3, [Plan(smallFork, caller: true, seats: 2)], [[.cancel(0)]]),
    WakingScenario(
      "an asynchronous run of three seats and roots", width: 3, [Plan(roots(3), caller: false, seats: 3)],
      [[.open(0)]]),
    WakingScenario(
      "two runs, one asynchronous, two seats, more units", width: 2,
      [Plan(chain, caller: true, seats: 1), Plan(roots(2), caller: false, seats: 2)], [[.open(1)]]),
    WakingScenario(
      "two asynchronous runs and a job", width: 2,
      [Plan(roots(2), caller: false, seats: 2), Plan([[]], caller: false, seats: 2)],
      [[.open(0), .open(1)], [.enqueue]]),
    WakingScenario(
      "two runs, one asynchronous, two seats, roots", width: 2,
      [Plan(roots(2), caller: true, seats: 1), Plan(roots(2), caller: false, seats: 2)], [[.open(1)]]),
    WakingScenario(
      "two asynchronous runs, two seats, roots", width: 2,
      [Plan(roots(2), caller: false, seats: 2), Plan(roots(2), caller: false, seats: 2)], [[.open(0)], [.open(1)]]),
    WakingScenario(
      "a unit is completed from outside, two seats", width: 3,
      [Plan(chain, caller: true, seats: 2, suspending: [0])], [[.complete(run: 0, unit: 0)]]),
    WakingScenario(
      "two units are completed from outside, two seats", width: 2,
      [Plan([[1], [], [3], []], caller: false, seats: 2, suspending: [0, 2])],
      [[.open(0), .complete(run: 0, unit: 0)], [.complete(run: 0, unit: 2)]]),
    WakingScenario(
      "a job beside a fork", width: 2, [Plan(smallFork, caller: false, seats: 2)], [[.open(0)], [.enqueue]]),
    WakingScenario("two jobs and a caller", width: 2, [Plan(chain, caller: true, seats: 1)], [[.enqueue, .enqueue]]),
    WakingScenario(
      "two asynchronous runs, roots and a chain, and a job", width: 2,
      [Plan(roots(2), caller: false, seats: 2), Plan(chain, caller: false, seats: 2)],
      [[.open(0), .open(1)], [.enqueue]]),
    WakingScenario(
      "the width shrinks below a caller and two seats", width: 3, [Plan(roots(2), caller: true, seats: 2)],
      [[.setWidth(1)]]),
  ]

  /// Where it shows that the shell leaves something out.
  static func showing(_ omission: WakingWorld.Omission) -> WakingScenario {
    switch omission {
    case .callsForAllRuns: named("two runs, one asynchronous, two seats, more units")
    case .heldSeats: named("an asynchronous run is cancelled")
    case .callForUnitLeftBehind: named("a seat gives way beside a parked caller")
    case .ownSeat: named("seats on a host's threads")
    case .jobsNeedSeats: named("jobs while the width shrinks")
    }
  }

  private static func named(_ name: String) -> WakingScenario { (small + large).first { $0.name == name }! }
}
