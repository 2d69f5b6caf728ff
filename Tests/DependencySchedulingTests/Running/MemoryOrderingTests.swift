import Foundation
import StressScale
import Testing
import WrongLines

/// The contracts "who must see what", of counters, deque, completion and hand-over, of sessions' claims and countdowns.
///
/// A stress test of the whole cannot see a weakened ordering, so each has a program of two threads of its own, built
/// around the real source file: `make mutants` tries them. Here it is held that none is left out.
@Suite(.timeLimit(.minutes(20)), .watched()) struct MemoryOrderingTests {
  @Test func `no ordering of the sources is without a wrong line or a reason`() throws {
    let strong = [".acquiring", ".releasing", ".acquiringAndReleasing", ".sequentiallyConsistent"]
    var count = 0
    for file in try FileManager.default.subpathsOfDirectory(atPath: PackageSources.folder.path)
    where file.hasSuffix(".swift") {
      let source = try PackageSources.text(of: "Sources/\(file)")
      let weakened = WrongLine.all.filter {
        if case .ordering = $0.proof { $0.file == "Sources/\(file)" } else { false }
      }
      let tried = Set(try weakened.map { PackageSources.line(of: try $0.range(in: source), in: source) })
      for (number, line) in source.components(separatedBy: "\n").enumerated() {
        let code = line.trimmingCharacters(in: .whitespaces)
        guard !code.hasPrefix("//"), strong.contains(where: { code.contains("rdering: \($0)") }) else { continue }
        count += 1
        #expect(tried.contains(number) || Self.verifiedByReading.contains(code), "\(file): \(code)")
      }
    }
    #expect(count > 10)
  }

  /// Orderings that no program on x86-64 can tell from weaker ones: a sequentially consistent load is the same
  /// instruction as a relaxed one there, every compare-exchange is a locked one, taking or giving back a lock is one
  /// too, and the Thread Sanitizer models none of them. They are verified by reading.
  ///
  /// - WorkDeque: with the accesses above they are those of Lê et al. (PPoPP 2013), figure 1, whose fences stand
  ///   between the same pairs of accesses, and who prove them. pop: the store of the bottom precedes the load of the
  ///   top in the single total order of all four. steal: the load of the top precedes the load of the bottom in it.
  ///   Both: the exchange of the top takes its place in that order too, so that a thief that fails has been overtaken.
  /// - Calls and announcements: whoever leaves a unit stores (the deque's bottom, the inbox's or the job queue's count)
  ///   and then loads (attendance, seat counts); whoever sleeps exchanges (attendance, seat counts) and then loads
  ///   (bottom, counts). In one total order, either load comes after the other's write. The store of the bottom, the
  ///   one access that x86-64 reorders, is tested by `SleepLitmus`.
  static let verifiedByReading = [
    "let start = top.pointee.load(ordering: .sequentiallyConsistent)",
    "var first: Int { top.pointee.load(ordering: .sequentiallyConsistent) }",
    "expected: start, desired: start &+ 1, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed",
    "top.pointee.load(ordering: .sequentiallyConsistent) >= bottom.pointee.load(ordering: .sequentiallyConsistent)",
    "var current: Attendance { Attendance(bits: bits.word.pointee.load(ordering: .sequentiallyConsistent)) }",
    "var current: SeatCounts { SeatCounts(bits: bits.word.pointee.load(ordering: .sequentiallyConsistent)) }",
    "expected: old, desired: counts.bits, ordering: .sequentiallyConsistent)",
    "var old = bits.word.pointee.load(ordering: .sequentiallyConsistent)",
    "count.word.pointee.store(units.count, ordering: .sequentiallyConsistent)",
    "count.word.pointee.store(jobs.count - first, ordering: .sequentiallyConsistent)",
    "var isEmpty: Bool { count.word.pointee.load(ordering: .sequentiallyConsistent) == 0 }",
  ]
}
