import Foundation
import WrongLines

/// Builds the copy and runs tests of it.
protocol TestBench {
  func build() throws -> Ending

  /// Runs the tests of these names and no others, for `limit` seconds at most.
  func test(_ names: [TestName], limit: Double) throws -> (log: TestLog, ending: Ending)

  /// The errors of the last build, or the end of what was printed.
  var complaint: String { get }
}

/// Tries wrong lines that tests of the package notice, one after the other in one copy.
struct TestTrials {
  let copy: PackageCopy
  let bench: any TestBench
  /// Seconds that a wrong line's tests may take.
  let limit: Double

  /// For the tests of all entries at once, on the sources as they are.
  private static let limitOfAll = 1_800.0

  /// Tries `entries`, and passes each result to `tell` at once.
  func run(_ entries: [Entry], tell: (Trial) -> Void, note: (String) -> Void = { say($0) }) throws {
    guard !entries.isEmpty else { return }
    let (ending, building) = try timed(bench.build)
    guard ending == .exited(0) else {
      throw ChildProcess.Failure(description: "the package does not build: \(ending)\n\(bench.complaint)")
    }
    var names: Set<TestName> = []
    for case .tests(let name) in entries.map(\.line.proof) { names.insert(name) }
    let (all, running) = try timed {
      try bench.test(names.sorted { $0.filter < $1.filter }, limit: Self.limitOfAll)
    }
    note(String(format: "built in %.1f s; %d tests in %.1f s", building, all.log.started.count, running))
    // Neighbours share a file, so that taking one back and putting the next in compiles that file only.
    for entry in entries.sorted(by: { $0.line.file < $1.line.file }) {
      guard case .tests(let name) = entry.line.proof else { continue }
      if let obstacle = Verdict.obstacle(all.log, all.ending, of: name) {
        tell(Trial(entry: entry, verdict: .invalid(obstacle)))
      } else {
        tell(try trial(entry, by: name))
      }
    }
  }

  private func trial(_ entry: Entry, by name: TestName) throws -> Trial {
    let source = try copy.source(of: entry.line.file)
    try copy.write(try entry.line.apply(to: source), to: entry.line.file)
    defer { try? copy.write(source, to: entry.line.file) }
    let (built, building) = try timed(bench.build)
    guard built == .exited(0) else {
      let verdict = Verdict.invalid("does not build: \(built)\n\(bench.complaint)")
      return Trial(entry: entry, verdict: verdict, building: building)
    }
    let (tested, running) = try timed { try bench.test([name], limit: limit) }
    let verdict = Verdict(tested.log, tested.ending, of: name)
    return Trial(entry: entry, verdict: verdict, building: building, running: running)
  }
}
