import Dispatch
internal import Threads

/// What a unit may ask of the run that runs it. Valid while its body runs; see ``UnitBody/init(suspending:)``.
public struct UnitContext: ~Copyable {
  let unit: UnitID
  private let run: Run?
  /// The completion that was handed out, if one was, so that it counts as dropped only when the body has returned; and
  /// what becomes of it.
  private var completion: UnitCompletion?, outcome: UnitOutcome?
  /// The unit put off, if it was.
  private var later: UnitPutOff?

  init(_ unit: UnitID, of run: Run?) {
    (self.unit, self.run) = (unit, run)
  }

  /// Makes the unit go on after its body has returned: until somebody, on any thread, finishes the completion. No
  /// worker waits for that, and the run ends no sooner, unless it fails or is cancelled.
  ///
  /// A unit suspends once at most in each run; a second call ends the process with a sentence.
  public mutating func suspend() -> UnitCompletion {
    if completion != nil { endProcess("\(unit) suspends twice: it has been handed its completion already") }
    let outcome = UnitOutcome(unit, run)
    let completion = UnitCompletion(outcome)
    (self.completion, self.outcome) = (completion, outcome)
    return completion
  }

  /// Makes the unit count as not having run: its body returns, and is called again once somebody, on any thread, has
  /// retried it. No worker waits for that.
  ///
  /// A unit is either put off or suspends. It may be retried before its body has returned.
  mutating func putOff() -> UnitPutOff {
    let later = UnitPutOff(unit, run)
    self.later = later
    return later
  }

  /// Whether the unit has run once its body has returned.
  var isDone: Bool { outcome == nil && later == nil }

  /// The unit's body threw after it had suspended: the completion says nothing any more.
  func revoke() { outcome?.revoke() }

  static func runBlocking(_ unit: UnitID, _ body: (UnitID, inout UnitContext) throws -> Void) throws {
    while true {
      var context = UnitContext(unit, of: nil)
      try body(unit, &context)
      guard let later = context.later else {
        context.completion = nil
        try context.outcome?.wait()
        return
      }
      later.wait()
    }
  }
}
