import StressScale
import Synchronization

@testable import DependencyScheduling

/// A run that goes on until it is told to end, at the pace that the test sets: its units are *held* until the test lets
/// one after the other pass, or lets all of them flow. What is watched for then depends on nobody's speed: neither on
/// the machine's, nor on that of other tests.
final class EndlessRun: Sendable {
  let schedule: Schedule
  private let entered = Tally()
  private let finished = Tally()
  private let permits = Atomic(0)
  private let flows = Atomic(false)
  private let isOver = Atomic(false)
  private let gauge = Locked(Gauge())

  /// The run is over by itself after minutes for each worker, longer than a test waits for its turn: who still waits
  /// for units then waits for ever.
  init(isChain: Bool) {
    let count = StressScale.isSanitized ? 1_000_000 : 100_000
    schedule = isChain ? TestGraphs.chain(count) : TestGraphs.independent(count)
  }

  /// What each unit does: it takes 2 ms, longer than a seat's turn, and then until it may pass.
  func unit(_ unit: UnitID) {
    if isOver.load(ordering: .relaxed) { return }
    entered.add()
    gauge.withLock { $0 }.within {
      doze(microseconds: 2_000)
      waitUntil { flows.load(ordering: .relaxed) || isOver.load(ordering: .relaxed) || takePermit() }
    }
    finished.add()
  }

  private func takePermit() -> Bool {
    let left = permits.load(ordering: .relaxed)
    return left > 0
      && permits.compareExchange(expected: left, desired: left - 1, ordering: .relaxed).exchanged
  }

  /// Lets `count` units pass.
  func pass(_ count: Int = 1) { permits.add(count, ordering: .relaxed) }

  /// Lets all units pass from now on, after 2 ms each.
  func flow() { flows.store(true, ordering: .relaxed) }

  func end() { isOver.store(true, ordering: .relaxed) }

  /// How many units have run.
  var done: Int { finished.value }

  /// How many units are held now.
  var inside: Int { entered.value - finished.value }

  /// Lets one unit pass, and waits until `condition` holds.
  func pass(until condition: () -> Bool) async {
    let before = done
    pass()
    await eventually { done > before && condition() }
  }

  /// The most units at once while `count` of them pass, without those that have begun.
  func mostAtOnce(whilePassing count: Int) async -> Int {
    let fresh = Gauge()
    gauge.withLock { $0 = fresh }
    let before = done
    for number in 1...count {
      pass()
      await eventually { done == before + number }
    }
    return fresh.most
  }

  /// Starts `other` while this run is held in its seats, and waits until it has ended: of this run one unit passes each
  /// time somebody asks for a seat, and no other. Returns how many passed: none where a seat is vacant, one where a
  /// seat is given up for `other`; another one where an earlier call for a seat was late, and nobody was there to take
  /// it.
  func unitsPassed(for other: @escaping @Sendable () async throws -> Void, on executor: GraphExecutor) async throws
    -> Int
  {
    let (isDone, held) = (Tally(), inside)
    async let ended: Void = {
      defer { isDone.add() }
      try await other()
    }()
    var passed = 0
    while true {
      await eventually { isDone.value > 0 || executor.seats.isWanted && inside == held }
      if isDone.value > 0 { break }
      let before = done
      passed += 1
      pass()
      await eventually { isDone.value > 0 || done > before }
    }
    try await ended
    _ = permits.exchange(0, ordering: .relaxed)
    return passed
  }
}
