import Synchronization

/// Who uses a session: nobody, a run or a write alone, or any number of accesses that read.
///
/// Who must see what: whoever claims it sees what those wrote who had it alone before, and whoever claims it alone writes
/// after all reads. So a claim *acquires* what the end of a claim *releases*.
struct AccessClaims: ~Copyable, Sendable {
  /// -1 while somebody has it alone, else how many accesses are open.
  private let count = Atomic<Int>(0)

  /// Claims it alone and answers 0, or answers how many accesses are open, -1 for somebody who has it alone.
  func claimAlone() -> Int {
    count.compareExchange(expected: 0, desired: -1, ordering: .acquiring).original
  }

  /// Claims it beside others that read; false if somebody has it alone.
  func claimShared() -> Bool {
    var seen = count.load(ordering: .relaxed)
    while seen >= 0 {
      let outcome = count.weakCompareExchange(expected: seen, desired: seen + 1, ordering: .acquiring)
      if outcome.exchanged { return true }
      seen = outcome.original
    }
    return false
  }

  /// Ends a claim of either kind.
  func end() {
    if count.load(ordering: .relaxed) == -1 {
      count.store(0, ordering: .releasing)
    } else {
      count.wrappingSubtract(1, ordering: .releasing)
    }
  }
}
