import Synchronization

/// Which stripes of a sum somebody adds to.
///
/// Who must see what: additions to one stripe happen one after the other, and each sees the sum so far. So a claim
/// *acquires* what giving back *releases*.
struct StripeClaims {
  private let isClaimed: UnsafeMutablePointer<Atomic<Bool>>
  let count: Int

  init(count: Int) {
    self.count = count
    isClaimed = .allocate(capacity: count)
    for stripe in 0..<count { (isClaimed + stripe).initialize(to: Atomic(false)) }
  }

  func deallocate() {
    isClaimed.deinitialize(count: count)
    isClaimed.deallocate()
  }

  /// Claims a stripe, if nobody has it. Looks before it writes: a stripe that is held stays in its holder's cache.
  func claim(_ stripe: Int) -> Bool {
    if isClaimed[stripe].load(ordering: .relaxed) { return false }
    return !isClaimed[stripe].exchange(true, ordering: .acquiring)
  }

  func giveBack(_ stripe: Int) { isClaimed[stripe].store(false, ordering: .releasing) }
}
