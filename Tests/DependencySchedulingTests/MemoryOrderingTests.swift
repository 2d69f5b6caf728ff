import Foundation
import Testing

/// The contracts "who must see what", of counters, deque, completion and hand-over, of claims and countdowns of sessions:
/// each ordering, weakened, is caught.
///
/// A stress test of the whole cannot see a weakened ordering, so each has a program of two threads of its
/// own, built around the real source file. Building some thirty programs takes a few minutes: only where
/// `ADJOINT_SANITIZERS` is set.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MemoryOrderingTests {
  static let areBuilt = ProcessInfo.processInfo.environment["ADJOINT_SANITIZERS"] != nil

  @Test(.enabled(if: areBuilt), arguments: Weakening.all)
  func `a weakened ordering is caught`(weakening: Weakening) throws {
    let program = try OrderingProgram(
      harness: weakening.harness, file: weakening.file, sanitized: weakening.proof == .sanitizer,
      weakening: weakening)
    defer { program.remove() }
    // Most are caught each time. Some need both threads to meet within nanoseconds, which a busy machine prevents.
    let catches: OrderingProgram.Verdict = weakening.proof == .sanitizer ? .raced : .failed
    #expect(try (0..<20).contains { _ in try program.verdict() == catches }, "\(weakening)")
  }

  @Test(.enabled(if: areBuilt), arguments: Set(Weakening.all.map { [$0.harness, $0.file] }).sorted { $0[0] < $1[0] })
  func `the real orderings pass`(program: [String]) throws {
    let sanitized = Weakening.all.contains { $0.harness == program[0] && $0.proof == .sanitizer }
    let program = try OrderingProgram(harness: program[0], file: program[1], sanitized: sanitized)
    defer { program.remove() }
    for _ in 0..<3 { #expect(try program.verdict() == .passed) }
  }

  @Test func `every weakening applies to the source as it is`() throws {
    for weakening in Weakening.all {
      let path = OrderingProgram.sources.appending(path: "\(weakening.file).swift")
      let source = try String(contentsOf: path, encoding: .utf8)
      #expect(try weakening.apply(to: source) != source)
    }
  }

  @Test func `no ordering of the sources is without a test or a reason`() throws {
    let strong = [".acquiring", ".releasing", ".acquiringAndReleasing", ".sequentiallyConsistent"]
    var count = 0
    for file in try FileManager.default.subpathsOfDirectory(atPath: OrderingProgram.sources.path)
    where file.hasSuffix(".swift") {
      let source = try String(contentsOf: OrderingProgram.sources.appending(path: file), encoding: .utf8)
      for line in source.components(separatedBy: "\n") {
        let code = line.trimmingCharacters(in: .whitespaces)
        guard !code.hasPrefix("//"), strong.contains(where: { code.contains("rdering: \($0)") }) else { continue }
        count += 1
        let isTested = Weakening.all.contains { "\($0.file).swift" == file && code.hasPrefix($0.line) }
        #expect(isTested || Weakening.verifiedByReading.contains(code), "\(file): \(code)")
      }
    }
    #expect(count > 10)
  }
}
