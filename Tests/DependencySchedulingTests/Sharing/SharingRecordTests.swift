import StressScale
import Testing

@testable import DependencyScheduling

/// Loads that an earlier policy got wrong, and the rules of the present one.
@Suite(.timeLimit(.minutes(20)), .watched()) struct SharingRecordTests {
  private typealias Facts = SharingRecord.Facts

  private static let manyRuns = 3_000

  /// The ways of the next `count` runs, of which none after the first ten may exceed 1.3 times the better way, nor the
  /// last hundred, 1.1 times.
  private func ways(_ executor: inout VirtualExecutor, _ count: Int = manyRuns) -> [VirtualExecutor.Way] {
    let better = executor.better
    return (0..<count).map { run in
      let outcome = executor.run()
      if run >= 10 { #expect(outcome.time <= 1.3 * better, "run \(run)") }
      if run >= count - 100 { #expect(outcome.time <= 1.1 * better, "run \(run)") }
      return outcome.way
    }
  }

  @Test func `what is unknown is shared`() {
    var record = SharingRecord()
    let choice = record.choose(Facts(unitCount: 2, width: 2))
    #expect(choice == .shared)
  }

  @Test(arguments: [2, 3, 8]) func `a few coarse tasks are shared in every run`(width: Int) {
    var executor = VirtualExecutor(VirtualLoad([3e7, 3e7, 3e7], width: width))
    let found = ways(&executor)
    #expect(found.allSatisfy { $0 == .shared })
  }

  @Test func `units that come to take a millisecond are shared by the fourth run`() {
    let fine = VirtualLoad([Double](repeating: 5, count: 30), width: 4)
    for earlier in 1_000..<1_008 {
      var executor = VirtualExecutor(fine)
      for _ in 0..<earlier { _ = executor.run() }
      executor.load = VirtualLoad([Double](repeating: 1e6, count: 30), width: 4)
      let found = (0..<20).map { _ in executor.run() }
      #expect(found[0..<4].contains { $0.way != .alone })
      #expect(found[10...].allSatisfy { $0.way == .shared })
      // One unit was enough to notice.
      let better = executor.better
      #expect(found[0..<4].filter { $0.way == .sharedHalfWay }.allSatisfy { $0.time < 1.3 * better })
    }
  }

  @Test func `units that become fine again are run alone within ten runs`() {
    var executor = VirtualExecutor(VirtualLoad([Double](repeating: 1e6, count: 30), width: 4))
    for _ in 0..<1_000 { _ = executor.run() }
    executor.load = VirtualLoad([Double](repeating: 5, count: 30), width: 4)
    let found = (0..<100).map { _ in executor.run().way }
    #expect(found[10...].allSatisfy { $0 == .alone })
  }

  @Test func `after a heavy beginning, fine units are still not shared`() {
    let costs = [Double](repeating: 2_000, count: 500) + [Double](repeating: 5, count: 99_500)
    var executor = VirtualExecutor(VirtualLoad(costs, width: 2, perUnit: 60))
    #expect(executor.load.shared().time > 3 * executor.load.alone)
    let found = ways(&executor)
    #expect(found[10...].allSatisfy { $0 == .alone })
  }

  @Test func `costs that are too low by far do not keep a run alone`() {
    let load = VirtualLoad([Double](repeating: 25_000, count: 200), width: 4)
    var executor = VirtualExecutor(load, estimateFactor: 1.0 / 500)
    let first = executor.run()
    #expect(first.way == .sharedHalfWay)
    let found = ways(&executor)
    #expect(found[10...].allSatisfy { $0 == .shared })
  }

  @Test func `costs that promise no gain keep the first run alone`() {
    var record = SharingRecord()
    var choice = record.choose(Facts(unitCount: 100, width: 4, estimate: (alone: 12_000, shared: 3_000)))
    #expect(choice == .watched(.init(limit: Watch.limit(expecting: 12_000), shared: nil)))
    record = SharingRecord()
    choice = record.choose(Facts(unitCount: 100, width: 4, estimate: (alone: 14_000, shared: 3_500)))
    #expect(choice == .shared)
  }

  @Test func `costs tell how much of a run can be shared if their sum is about right`() {
    for (sum, isShared) in [(30_000.0, false), (300, true), (3_000_000, true)] {
      var record = SharingRecord()
      let facts = Facts(unitCount: 10, width: 4, estimate: (alone: sum, shared: sum))
      for _ in 0..<3 { record.note(alone: 30_000) }
      let choice = record.choose(facts)
      #expect((choice == .shared) == isShared, "\(sum)")
    }
  }

  @Test func `a shared run has to be faster to be preferred`() {
    for (shared, isShared) in [(950.0, true), (990, false), (1_000, false), (1_100, false)] {
      var record = SharingRecord()
      let facts = Facts(unitCount: 100_000, width: 2)
      for _ in 0..<3 {
        record.note(shared: shared * 1_000, work: 2 * shared * 1_000)
        record.note(alone: 1_000_000)
      }
      let choice = record.choose(facts)
      #expect((choice == .shared) == isShared, "\(shared)")
    }
  }

  @Test func `a chain of coarse units ends up alone`() {
    var executor = VirtualExecutor(VirtualLoad([Double](repeating: 1e6, count: 20), width: 4, isChain: true))
    let found = ways(&executor)
    #expect(found[0..<2].allSatisfy { $0 == .shared })
    // Sharing loses nothing here, and is tried after 8, 16, 32, ... runs.
    #expect(found[10...].count { $0 != .alone } <= 10)
  }

  @Test func `a way that is clearly slower is not tried again, nor a hopeless one a third time`() {
    for (perUnit, tries) in [(30.0, SharingRecord.enoughSamples), (500, SharingRecord.enoughHopelessSamples)] {
      let fine = [Double](repeating: 5, count: 100_000)
      var executor = VirtualExecutor(VirtualLoad(fine, width: 2, perUnit: perUnit))
      let found = ways(&executor)
      #expect(found[0] == .shared)
      #expect(found.count { $0 != .alone } == tries)
    }
  }

  @Test func `a brief run is timed once in four`() {
    var executor = VirtualExecutor(VirtualLoad([Double](repeating: 10, count: 20), width: 2))
    for _ in 0..<10 { _ = executor.run() }
    let choices = (0..<80).map { _ in executor.record.choose(Facts(unitCount: 20, width: 2)) }
    #expect(choices.count { $0 == .alone } == 60)
    #expect(!choices.contains(.shared))
  }

  @Test func `a brief run that took longer is timed again at once`() {
    var record = SharingRecord()
    let facts = Facts(unitCount: 20, width: 2)
    for _ in 0..<3 { record.note(alone: 200) }
    while record.choose(facts) == .alone {}
    record.note(alone: 400)
    var choice = record.choose(facts)
    #expect(choice != .alone)
    record.note(alone: 200)
    choice = record.choose(facts)
    #expect(choice == .alone)
  }

  @Test func `two disturbed runs in a row change no verdict`() {
    var executor = VirtualExecutor(VirtualLoad([Double](repeating: 5, count: 10_000), width: 2, perUnit: 60))
    for _ in 0..<20 { _ = executor.run() }
    executor.disturbance = 5
    for _ in 0..<2 { _ = executor.run() }
    executor.disturbance = 1
    let found = (0..<20).map { _ in executor.run().way }
    #expect(found.allSatisfy { $0 == .alone })
  }

  @Test(arguments: [3, 4, 10]) func `the better way returns after any number of disturbed runs`(disturbed: Int) {
    for load in [
      VirtualLoad([Double](repeating: 1_000, count: 10_000), width: 4),
      VirtualLoad([Double](repeating: 20, count: 10_000), width: 4, perUnit: 60),
    ] {
      var executor = VirtualExecutor(load)
      for _ in 0..<20 { _ = executor.run() }
      executor.disturbance = 5
      for _ in 0..<disturbed { _ = executor.run() }
      executor.disturbance = 1
      for _ in 0..<10 { _ = executor.run() }
      let (better, time) = (executor.better, executor.run().time)
      #expect(time <= 1.1 * better)
    }
  }

  @Test func `runs that were not chosen here teach as well`() {
    var record = SharingRecord()
    for _ in 0..<3 { record.note(shared: 5e5, work: 1e6) }
    for _ in 0..<3 { record.note(alone: 1e5) }
    let choice = record.choose(Facts(unitCount: 10_000, width: 2))
    #expect(choice != .shared)
  }

  @Test func `another number of units scales what is known, another width forgets shared runs`() {
    var record = SharingRecord()
    let facts = Facts(unitCount: 1_000, width: 2)
    _ = record.choose(facts)
    for _ in 0..<3 {
      record.note(shared: 4e6, work: 8e6)
      record.note(alone: 1e6)
    }
    _ = record.choose(Facts(unitCount: 1_500, width: 2))
    #expect(record.alone?.time == 1.5e6)
    _ = record.choose(Facts(unitCount: 1_500, width: 3))
    #expect(record.alone?.time == 1.5e6)
    #expect(record.shared == nil)
    _ = record.choose(Facts(unitCount: 15_000, width: 3))
    #expect(record.alone == nil)
  }

  @Test func `that a run alone was given up is forgotten with the shared runs it lost to`() {
    var record = SharingRecord()
    _ = record.choose(Facts(unitCount: 10_000, width: 2))
    record.note(shared: 1e6, work: 2e6)
    record.note(sharedHalfWay: 1.1e6)
    let choice = record.choose(Facts(unitCount: 10_000, width: 3))
    #expect(choice == .shared)
  }

  @Test func `one worker or one unit is a run alone`() {
    var record = SharingRecord()
    let choices = [(1, 8), (8, 1)].map { record.choose(Facts(unitCount: $0, width: $1)) }
    #expect(choices == [.alone, .alone])
    #expect(record == SharingRecord())
  }
}
