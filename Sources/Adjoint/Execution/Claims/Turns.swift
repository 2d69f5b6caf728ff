/// Who uses a thing, and who waits for it in order of arrival: one alone, or any number that share it.
///
/// A pure value, for ``TurnQueue`` to keep behind a lock. Whoever ends its use hands the thing to those who have waited
/// longest, in the same moment: it is never free while somebody waits who could have it. A claim that does not wait is
/// refused as long as anybody waits, so that it overtakes nobody; one that waits is overtaken by nobody.
struct Turns: Hashable, Sendable {
  enum Use: Hashable, Sendable { case alone, shared }

  struct Waiter: Hashable, Sendable {
    let ticket: Int
    let use: Use
  }

  /// -1 while somebody has it alone, else how many share it.
  private(set) var users = 0
  /// Those who wait, in order of arrival.
  private(set) var waiters: [Waiter] = []

  /// Claims it now; false if it is in use in a way that excludes this one, or if anybody waits.
  mutating func claim(_ use: Use) -> Bool {
    guard waiters.isEmpty, isFree(for: use) else { return false }
    take(use)
    return true
  }

  /// Claims it now, or is the last of those who wait; answers whether it has its turn.
  ///
  /// - Parameter ticket: by which it is known while it waits; nobody else has it.
  mutating func wait(for use: Use, ticket: Int) -> Bool {
    if claim(use) { return true }
    waiters.append(Waiter(ticket: ticket, use: use))
    return false
  }

  /// Ends a use of either kind.
  ///
  /// - Returns: those whose turn it is now.
  mutating func end() -> [Int] {
    precondition(users != 0, "A turn that ends has begun")
    users = users < 0 ? 0 : users - 1
    return admit()
  }

  /// Takes one out of those who wait.
  ///
  /// - Returns: those whose turn it is now, for it was in their way; `nil` if it does not wait, having its turn
  ///   already.
  /// - Complexity: O(waiters).
  mutating func leave(_ ticket: Int) -> [Int]? {
    guard let place = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
    waiters.remove(at: place)
    return admit()
  }

  private func isFree(for use: Use) -> Bool { use == .alone ? users == 0 : users >= 0 }

  private mutating func take(_ use: Use) { users = use == .alone ? -1 : users + 1 }

  private mutating func admit() -> [Int] {
    var admitted: [Int] = []
    for waiter in waiters {
      guard isFree(for: waiter.use) else { break }
      take(waiter.use)
      admitted.append(waiter.ticket)
    }
    waiters.removeFirst(admitted.count)
    return admitted
  }
}
