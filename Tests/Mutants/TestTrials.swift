import Foundation
import WrongLines

/// Builds a copy of the package and runs tests of it.
protocol TestBench: Sendable {
  var copy: PackageCopy { get }

  func build() throws -> Ending

  /// Runs the tests of these names and no others, for `limit` seconds at most.
  func test(_ names: [TestName], limit: Double) throws -> (log: TestLog, ending: Ending)

  /// The errors of the last build, or the end of what was printed.
  var complaint: String { get }
}

/// Tries wrong lines that tests of the package notice, as many at once as there are copies.
struct TestTrials {
  /// At least one. Each has a copy of its own, in which lines are tried one after the other.
  let benches: [any TestBench]
  /// Seconds that a wrong line's tests may take.
  let limit: Double

  /// For the tests of all entries at once, on the sources as they are.
  private static let limitOfAll = 1_800.0

  /// Tries `entries`, and passes each result to `tell` at once, from one thread at a time.
  func run(_ entries: [Entry], tell: (Trial) -> Void, note: (String) -> Void = { say($0) }) throws {
    guard !entries.isEmpty else { return }
    let ((), building) = try timed {
      try concurrently(benches) { bench in
        let ending = try bench.build()
        guard ending == .exited(0) else {
          throw ChildProcess.Failure(description: "the package does not build: \(ending)\n\(bench.complaint)")
        }
      }
    }
    var names: Set<TestName> = []
    for case .tests(let name) in entries.map(\.line.proof) { names.insert(name) }
    let (all, running) = try timed {
      try benches[0].test(names.sorted { $0.filter < $1.filter }, limit: Self.limitOfAll)
    }
    note(String(format: "built in %.1f s; %d tests in %.1f s", building, all.log.started.count, running))
    // The lines of a file follow each other in one copy: taking one back and putting the next in compiles that file only.
    let files = Dictionary(grouping: entries, by: \.line.file).sorted { $0.key < $1.key }.map(\.value)
    let queue = Turns(files)
    try withoutActuallyEscaping(tell) { tell in
      nonisolated(unsafe) let tell = tell  // because `queue` makes one call at a time
      try concurrently(benches) { bench in
        while let entries = queue.next() {
          for entry in entries {
            guard case .tests(let name) = entry.line.proof else { continue }
            let obstacle = Verdict.obstacle(all.log, all.ending, of: name)
            let trial = try obstacle.map { Trial(entry: entry, verdict: .invalid($0)) } ?? trial(entry, by: name, bench)
            queue.alone { tell(trial) }
          }
        }
      }
    }
  }

  private func trial(_ entry: Entry, by name: TestName, _ bench: any TestBench) throws -> Trial {
    let copy = bench.copy
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

/// Elements that several threads take one by one.
private final class Turns<Element: Sendable>: @unchecked Sendable {  // because `lock` guards what changes
  private let lock = NSLock()
  private var rest: ArraySlice<Element>

  init(_ elements: [Element]) { rest = elements[...] }

  /// An element that no other call has returned; nil after the last.
  func next() -> Element? { lock.withLock { rest.popFirst() } }

  /// Calls `body` while no other thread is in this or in `next()`.
  func alone(_ body: () -> Void) { lock.withLock(body) }
}

/// Calls `body` with all elements at once, and throws the error of the first of them that failed.
private func concurrently<Element: Sendable>(
  _ elements: [Element], _ body: @Sendable (Element) throws -> Void
) throws {
  let lock = NSLock()
  nonisolated(unsafe) var errors: [Int: any Error] = [:]  // because `lock` guards it
  DispatchQueue.concurrentPerform(iterations: elements.count) { number in
    do { try body(elements[number]) } catch { lock.withLock { errors[number] = error } }
  }
  if let first = errors.min(by: { $0.key < $1.key }) { throw first.value }
}
