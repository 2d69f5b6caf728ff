@testable import DependencyScheduling
import Testing

extension SnippetTests {
  @Test func `two sources feed one sink`() throws {
    // Two sources feed one sink.
    let schedule = try Schedule(unitCount: 3, dependencies: [(0, 2), (1, 2)])
    try GraphExecutor.shared.run(schedule) { unit in print(unit.index) }  // 2 comes last
    #expect(schedule.unitCount == 3)
  }

  @Test func `a grouped schedule runs every unit`() throws {
    let grouped = schedule.grouped(unitsPerGroup: 256)
    try grouped.run(on: GraphExecutor.shared) { unit in cells[Int(unit.index)].update() }
    #expect(cells.allSatisfy { $0.updates == 1 })
  }

  @Test func `a permutation is split`() {
    var random = SeededGenerator(seed: 1998)
    let order = random.permutation(of: 1_797)
    let training = order[360...], test = order[..<360]
    #expect(training.count == 1_437 && (training + test).sorted() == Array(0..<1_797))
  }

  @Test func `a place in the source is passed on`() throws {
    func update(fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column) throws {
      let options = RunOptions(site: CallSite(fileID: fileID, line: line, column: column))
      try executor.run(schedule, options: options) { unit in cells[Int(unit.index)].update() }
    }
    try update()
    #expect(cells.allSatisfy { $0.updates == 1 })
  }

  @Test func `a record and a watch decide how a run goes on`() {
    let facts = SharingRecord.Facts(unitCount: 1_024, width: 2)
    var record = SharingRecord(), ways: [String] = []
    func runShared() { ways.append("shared") }
    func runAlone(_ watch: Watch? = nil) { ways.append(watch == nil ? "alone" : "watched") }
    for _ in 0..<3 {
      switch record.choose(facts) {
      case .shared: runShared()  // and note(shared:work:)
      case .alone: runAlone()  // without a look at the clock
      case .watched(let expected): runAlone(Watch(expected, facts))  // note(alone:) or note(sharedHalfWay:)
      }
    }
    #expect(ways.count == 3)
    #expect(verdict(SharingRecord.Expectation(limit: 1e9), facts) == "go on")
  }

  private func verdict(_ expectation: SharingRecord.Expectation, _ facts: SharingRecord.Facts) -> String {
    var verdict = ""
    func runAlone(_ units: Int) { verdict = "go on" }
    func shareRest() { verdict = "share" }
    var watch = Watch(expectation, facts)
    // after the first unit, then after `units` more
    switch watch.look(elapsed: 1_000, done: 1, costDone: nil) {
    case .goOn(let units): runAlone(units)
    case .shareRest: shareRest()
    }
    return verdict
  }
}
