/// One memory ordering of the sources made weaker, and the program that must notice.
struct Weakening: Sendable, CustomStringConvertible {
  enum Proof: Sendable {
    /// The Thread Sanitizer reports a race.
    case sanitizer
    /// At full speed, units are lost or taken twice.
    case litmus
  }

  /// The source file within Sources, without extension.
  let file: String
  /// The one line that holds the ordering, or the beginning of it, without indentation.
  let line: String
  let ordering: String
  let weaker: String
  /// The program under Tests/OrderingHarnesses.
  let harness: String
  var proof = Proof.sanitizer

  var description: String { "\(file): .\(ordering) -> .\(weaker) in `\(line)`" }

  static let all: [Weakening] = [
    Weakening(
      file: "DependencyScheduling/DependencyCounters", line: "var value = word.pointee.load(", ordering: "acquiring",
      weaker: "relaxed",
      harness: "CounterHarness"),
    Weakening(
      file: "DependencyScheduling/DependencyCounters", line: "value = word.pointee.subtract(1",
      ordering: "acquiringAndReleasing",
      weaker: "acquiring", harness: "CounterHarness"),
    Weakening(
      file: "DependencyScheduling/DependencyCounters", line: "value = word.pointee.subtract(1",
      ordering: "acquiringAndReleasing",
      weaker: "releasing", harness: "CounterHarness"),
    Weakening(
      file: "DependencyScheduling/WorkDeque", line: "bottom.pointee.store(end &+ 1,", ordering: "releasing",
      weaker: "relaxed",
      harness: "StealHarness"),
    Weakening(
      file: "DependencyScheduling/WorkDeque", line: "let end = bottom.pointee.load(ordering: .sequentiallyConsistent)",
      ordering: "sequentiallyConsistent", weaker: "relaxed", harness: "StealHarness"),
    Weakening(
      file: "DependencyScheduling/WorkDeque", line: "bottom.pointee.store(last, ", ordering: "sequentiallyConsistent",
      weaker: "releasing", harness: "LastUnitLitmus", proof: .litmus),
    Weakening(
      file: "DependencyScheduling/RunProgress", line: "remaining.pointee.subtract(", ordering: "acquiringAndReleasing",
      weaker: "acquiring", harness: "CompletionHarness"),
    Weakening(
      file: "DependencyScheduling/RunProgress", line: "remaining.pointee.subtract(", ordering: "acquiringAndReleasing",
      weaker: "releasing", harness: "CompletionHarness"),
    Weakening(
      file: "DependencyScheduling/RunProgress", line: "remaining.pointee.load(", ordering: "acquiring",
      weaker: "relaxed",
      harness: "CompletionHarness"),
    Weakening(
      file: "DependencyScheduling/RunProgress", line: "_ = parked.pointee.exchange(true", ordering: "acquiring",
      weaker: "relaxed",
      harness: "ParkingHarness"),
    Weakening(
      file: "DependencyScheduling/RunProgress", line: "parked.pointee.exchange(false", ordering: "releasing",
      weaker: "relaxed",
      harness: "ParkingHarness"),
    Weakening(
      file: "DependencyScheduling/Handover", line: "isPublished.store(true", ordering: "releasing", weaker: "relaxed",
      harness: "HandoverHarness"),
    Weakening(
      file: "DependencyScheduling/Handover", line: "_ = isPublished.load(", ordering: "acquiring", weaker: "relaxed",
      harness: "HandoverHarness"),
    Weakening(
      file: "Adjoint/Execution/AccessClaims", line: "count.compareExchange(", ordering: "acquiring", weaker: "relaxed",
      harness: "ClaimHarness"),
    Weakening(
      file: "Adjoint/Execution/AccessClaims", line: "let outcome = count.weakCompareExchange(", ordering: "acquiring",
      weaker: "relaxed", harness: "ClaimHarness"),
    Weakening(
      file: "Adjoint/Execution/AccessClaims", line: "count.store(0", ordering: "releasing", weaker: "relaxed",
      harness: "ClaimHarness"),
    Weakening(
      file: "Adjoint/Execution/AccessClaims", line: "count.wrappingSubtract(1", ordering: "releasing",
      weaker: "relaxed",
      harness: "ClaimHarness"),
    Weakening(
      file: "Adjoint/Execution/StripeClaims", line: "return !isClaimed[stripe].exchange(true", ordering: "acquiring",
      weaker: "relaxed", harness: "StripeHarness"),
    Weakening(
      file: "Adjoint/Execution/StripeClaims", line: "func giveBack(", ordering: "releasing", weaker: "relaxed",
      harness: "StripeHarness"),
    Weakening(
      file: "Adjoint/Execution/Countdowns", line: "left[result].subtract(1", ordering: "acquiringAndReleasing",
      weaker: "acquiring", harness: "CountdownHarness"),
    Weakening(
      file: "Adjoint/Execution/Countdowns", line: "left[result].subtract(1", ordering: "acquiringAndReleasing",
      weaker: "releasing", harness: "CountdownHarness"),
  ]

  /// Orderings that no program on x86-64 can tell from weaker ones: a sequentially consistent load is the same
  /// instruction as a relaxed one there, every compare-exchange is a locked one, and the Thread Sanitizer models
  /// neither. They are verified by reading: with the two accesses above they are those of Lê et al. (PPoPP 2013),
  /// figure 1, whose fences stand between the same pairs of accesses, and who prove them.
  ///
  /// - pop: the store of the bottom precedes the load of the top in the single total order of all four.
  /// - steal: the load of the top precedes the load of the bottom in it.
  /// - both: the exchange of the top takes its place in that order too, so that a thief that fails has been overtaken.
  static let verifiedByReading = [
    "let start = top.pointee.load(ordering: .sequentiallyConsistent)",
    "expected: start, desired: start &+ 1, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed",
  ]
}
