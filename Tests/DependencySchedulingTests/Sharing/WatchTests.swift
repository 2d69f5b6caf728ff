import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct WatchTests {
  private func watch(
    _ unitCount: Int, limit: Double, shared: Double? = nil, cost: Double? = nil, width: Int = 2
  ) -> Watch {
    let estimate = cost.map { (alone: $0, shared: $0 / Double(width)) }
    return Watch(
      .init(limit: limit, shared: shared), .init(unitCount: unitCount, width: width, estimate: estimate))
  }

  /// When the watch looks, and where it shares the rest out, if units take `time`.
  private func looks(_ watch: Watch, _ unitCount: Int, unit time: (Int) -> Int64) -> (at: [Int], shares: Bool) {
    var watch = watch
    var at = [1]
    var elapsed = time(0)
    while true {
      guard case .goOn(let units) = watch.look(elapsed: elapsed, done: at.last!, costDone: nil) else {
        return (at, true)
      }
      let next = at.last! + units
      for unit in at.last!..<next { elapsed += time(unit) }
      if next == unitCount { return (at, false) }
      at.append(next)
    }
  }

  @Test func `looks come at growing distances, up to a thousand units`() {
    let found = looks(watch(10_000, limit: 1e9), 10_000) { _ in 5 }
    #expect(found.at.prefix(7) == [1, 5, 21, 85, 341, 1_365, 2_389])
    #expect(!found.shares)
  }

  @Test func `looks come twenty microseconds apart`() {
    let found = looks(watch(1_000, limit: 1e9), 1_000) { _ in 1_000 }
    #expect(zip(found.at, found.at.dropFirst()).dropFirst(3).allSatisfy { $1 - $0 == 20 })
  }

  @Test func `a unit that takes a millisecond is noticed after the first`() {
    let found = looks(watch(30, limit: 40_000), 30) { _ in 1_000_000 }
    #expect(found.at == [1] && found.shares)
  }

  @Test func `a run within its limit stays alone, whatever its pace`() {
    #expect(!looks(watch(1_000, limit: 2e6), 1_000) { $0 < 500 ? 2_000 : 5 }.shares)
  }

  @Test func `units that grow slow on the way are noticed`() {
    let found = looks(watch(10_000, limit: 100_000), 10_000) { $0 < 5_000 ? 5 : 1_000 }
    #expect(found.shares)
    #expect(found.at.last! < 7_500)
  }

  @Test func `a stop of the thread is not taken for slow units`() {
    // 300 µs lost at the 3,000th unit of 5 ns.
    #expect(!looks(watch(10_000, limit: 105_000), 10_000) { $0 == 3_000 ? 300_000 : 5 }.shares)
  }

  @Test func `a rest that would not repay four wake-ups is not shared`() {
    #expect(!looks(watch(100, limit: 10_000), 100) { _ in 800 }.shares)
    #expect(looks(watch(100, limit: 10_000), 100) { _ in 8_000 }.shares)
  }

  @Test func `a rest is not shared if that is known to take longer`() {
    let slow: (Int) -> Int64 = { _ in 100 }
    #expect(looks(watch(10_000, limit: 100_000), 10_000, unit: slow).shares)
    #expect(!looks(watch(10_000, limit: 100_000, shared: 3e6), 10_000, unit: slow).shares)
  }

  @Test func `costs tell what is left after a heavy beginning`() {
    var byCosts = watch(1_000, limit: 100_000, cost: 2_000)
    // All but 9 of 2,000 are done with the first unit.
    let withCosts = byCosts.look(elapsed: 1_001_000, done: 1, costDone: 1_991)
    #expect(withCosts == .goOn(units: 1))
    var byUnits = watch(1_000, limit: 100_000)
    let withoutCosts = byUnits.look(elapsed: 1_001_000, done: 1, costDone: nil)
    #expect(withoutCosts == .shareRest)
  }
}
