import StressScale
import Testing

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct SharingRecordsTests {
  private func site(_ line: UInt) -> CallSite { CallSite(line: line, column: 1) }

  /// What is known of a run alone.
  private func known(
    _ records: inout SharingRecords, _ line: UInt, width: Int = 2, unitCount: Int = 0
  ) -> Double? {
    records.update(site(line), width: width, unitCount: unitCount) { $0.alone?.time }
  }

  @Test func `each place, width and magnitude has a record of its own`() {
    var records = SharingRecords()
    records.update(site(1), width: 2, unitCount: 100) { $0.note(alone: 7) }
    let same = [100, 127].map { known(&records, 1, unitCount: $0) }
    #expect(same == [7, 7])
    let others = [
      known(&records, 1, unitCount: 128), known(&records, 1, width: 3, unitCount: 100),
      known(&records, 2, unitCount: 100),
    ]
    #expect(others == [nil, nil, nil])
    #expect(records.count == 4)
  }

  @Test func `the record not used for longest makes room`() {
    var records = SharingRecords()
    for line in 0..<UInt(SharingRecords.capacity) {
      records.update(site(line), width: 2) { $0.note(alone: Double(line)) }
    }
    records.update(site(0), width: 2) { _ in }
    records.update(site(99), width: 2) { $0.note(alone: 99) }
    #expect(records.count == SharingRecords.capacity)
    let found = [0, 99, 1].map { known(&records, $0) }
    #expect(found == [0, 99, nil])
  }

  @Test func `places are equal by file, line and column, at whatever address the name lies`() {
    let here = CallSite(fileID: "Module/File.swift", line: 3, column: 5)
    #expect(here == CallSite(fileID: "Module/File.swift", line: 3, column: 5))
    #expect(here != CallSite(fileID: "Module/Fila.swift", line: 3, column: 5))
    #expect(here != CallSite(fileID: "Module/File.swift", line: 4, column: 5))
    #expect(here != CallSite(fileID: "Module/File.swift", line: 3, column: 6))
    let one = CallSite(), other = CallSite()
    #expect(one != other)
    // A single character may be kept in the literal itself, without an address.
    #expect(CallSite(fileID: "a", line: 3, column: 5) != here)
  }
}
