import Testing

@testable import DependencyScheduling

@Suite struct SharingRecordTests {
  /// What the next `count` runs of a schedule choose, where a unit takes `alone` or `shared` nanoseconds.
  private func sharedRuns(
    _ record: inout SharingRecord, _ count: Int, alone: Double, shared: Double, unitCount: Int = 100_000
  ) -> Int {
    (0..<count).count { _ in
      switch record.choose(unitCount: unitCount, width: 2) {
      case .shared:
        record.note(shared: shared)
        return true
      case .alone: return false
      case .aloneExpecting(let expectation):
        if alone > expectation.limit { record.note(aloneOverLimit: alone) } else { record.note(alone: alone) }
        return false
      }
    }
  }

  @Test func `what is unknown is shared`() {
    var record = SharingRecord()
    #expect(record.choose(unitCount: 2, width: 2) == .shared)
  }

  @Test func `where sharing loses it is tried ever more rarely`() {
    var record = SharingRecord()
    #expect(sharedRuns(&record, 2, alone: 5, shared: 20) == 1)
    // After 8, 16, 32, ... runs.
    #expect(sharedRuns(&record, 1_000, alone: 5, shared: 20) <= 7)
    #expect(record.rest > 500)
    #expect(sharedRuns(&record, 100_000, alone: 5, shared: 20) <= 100)
    #expect(record.rest == SharingRecord.longestRest)
  }

  @Test func `where sharing gains, nearly all runs are shared`() {
    var fine = SharingRecord()
    #expect(sharedRuns(&fine, 1_000, alone: 100, shared: 60) >= 990)
    var coarse = SharingRecord()
    #expect(sharedRuns(&coarse, 1_000, alone: 1_000, shared: 500) >= 850)
  }

  @Test func `coarse units are shared even where nothing is gained, fine ones are not`() {
    var coarse = SharingRecord()
    #expect(sharedRuns(&coarse, 1_000, alone: 10_000, shared: 10_000) >= 850)
    var fine = SharingRecord()
    #expect(sharedRuns(&fine, 1_000, alone: 50, shared: 50) <= 10)
  }

  @Test func `one disturbed run changes no verdict`() {
    var record = SharingRecord()
    _ = sharedRuns(&record, 10, alone: 5, shared: 20)
    record.note(alone: 500)
    #expect(record.alone! < 20)
    #expect(sharedRuns(&record, 5, alone: 5, shared: 20) == 0)
  }

  @Test func `a run too short to share stays alone and is seldom timed`() {
    var record = SharingRecord()
    #expect(sharedRuns(&record, 2, alone: 10, shared: 100, unitCount: 20) == 1)
    let choices = (0..<80).map { _ in record.choose(unitCount: 20, width: 2) }
    #expect(choices.count { $0 == .alone } == 70)
    #expect(!choices.contains(.shared))
  }

  @Test func `units that take far longer than before make a new record`() {
    var record = SharingRecord()
    _ = sharedRuns(&record, 100, alone: 5, shared: 20)
    record.note(aloneOverLimit: 5_000)
    #expect(record.shared == nil)
    #expect(record.choose(unitCount: 100_000, width: 2) == .shared)
  }
}
