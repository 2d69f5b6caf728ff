import Foundation
import StressScale
import Testing
import WrongLines

@testable import DependencyScheduling

/// The protocol of waking, proved for small worlds: every interleaving of three workers at most is walked.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct WakingProtocolTests {
  static let table = SearchTable()

  /// A walk is one thread's: there is nothing for a sanitizer to see.
  @Test(.enabled(if: !StressScale.isSanitized), arguments: WakingScenario.small)
  func `no interleaving breaks the protocol`(scenario: WakingScenario) throws {
    var walk = WakingWalk(scenario, Self.table)
    try walk.walk()
    #expect(walk.endCount > 0)
  }

  /// 31 million states, 106 million steps.
  @Test(.enabled(if: StressScale.isSoak), arguments: WakingScenario.large)
  func `no interleaving of more units breaks it either`(scenario: WakingScenario) throws {
    var walk = WakingWalk(scenario, Self.table)
    try walk.walk()
  }

  @Test(.enabled(if: !StressScale.isSanitized), arguments: WakingWorld.Omission.allCases)
  func `what the shell must not forget is noticed`(omission: WakingWorld.Omission) {
    let scenario = WakingScenario.showing(omission)
    #expect(throws: WakingWalk.Failure.self) {
      var walk = WakingWalk(scenario, Self.table, omitting: omission)
      try walk.walk()
    }
  }
}

/// Each line of the protocol is needed: without it, or with a wrong one in its place, the walk finds something wrong.
///
/// Building a program for each wrong line takes minutes: `make mutants` does. Here it is held that no line is left out.
@Suite(.timeLimit(.minutes(20)), .watched()) struct WakingMutationTests {
  @Test(arguments: ["SeatCounts", "Attendance", "Search"])
  func `no line that does something is without a wrong one`(file: String) throws {
    let path = "Sources/DependencyScheduling/Seats/\(file).swift"
    let source = try PackageSources.text(of: path)
    let walked = WrongLine.all.filter { $0.file == path && $0.proof == .walk }
    let tried = Set(try walked.map { PackageSources.line(of: try $0.range(in: source), in: source) })
    for (number, line) in source.components(separatedBy: "\n").enumerated() where !tried.contains(number) {
      let statement = line.components(separatedBy: "  // ")[0]
      let code = statement.trimmingCharacters(in: .whitespaces).replacing("package ", with: "")
      #expect(Self.needsNoWrongLine(code), "\(file), line \(number + 1): \(code)")
    }
  }

  /// Lines that do nothing by themselves, or that no walk can reach.
  private static func needsNoWrongLine(_ line: String) -> Bool {
    if line.isEmpty || line.hasPrefix("//") || line.allSatisfy({ "{}()".contains($0) }) { return true }
    let declarations = [
      "struct ", "enum ", "extension ", "init(", "switch ", "let role", "private(set) var vacant: Int32",
      "private(set) var caller: Caller", "private(set) var seatLimit: Int", "private(set) var action: Action",
      "private var isCounted: Bool", "private var isInRun: Bool",
    ]
    if declarations.contains(where: line.hasPrefix) { return true }
    // The beginning of a function or of a computed property; an alternative whose body is on the next lines.
    if line.hasSuffix("{") && (line.contains("func ") || line.contains("var ")) { return true }
    if line.hasPrefix("case ") && (line.hasSuffix(":") || !line.contains(":")) { return true }
    return reasons[line] != nil
  }

  private static let reasons = [
    "case absent": "a name",
    "case seat(forUnits: Int)": "a name",
    "static let callsOfFinder = 2": "how fast seats are called, not whether: the walk holds with any number",
    "return search": "what is returned is built in the lines before",
    #"case .work, .end: preconditionFailure("a search goes no further than to work, or to the end of the run")"#:
      "traps only if the shell asks on after the end",
    #"var description: String { "\(vacant) seats vacant, \(searching) searching" }"#: "for people",
    #""\(isClosed ? "closed" : "open"), caller \(caller), \(seats) of \(seatLimit) seats inside""#: "for people",
  ]
}
