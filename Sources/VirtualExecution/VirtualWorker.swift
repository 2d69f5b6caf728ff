internal import DependencyScheduling

/// A worker in virtual time: the caller of the run, or whoever sits in a seat.
struct VirtualWorker {
  enum Phase: Equatable {
    /// A seat that nobody sits in, or a caller that is parked or waits.
    case asleep
    case searching
    /// Busy with ``unit``.
    case running
  }

  let role: Search.Role
  var phase = Phase.asleep
  var search: Search
  /// The place of its deque, while it is in the run.
  var place = 0
  var unit: Int32 = 0
  /// Units that it has run and not counted yet.
  var executed = 0
  /// How often it was woken before it slept.
  var signals = 0

  /// Since when it looks for units in vain.
  var restsSince: Double?
  var pause = 0.0
  /// Since when the caller waits for seats to leave.
  var waitsSince: Double?

  /// When it came into the run or last woke, and how long it has looked in vain since.
  var awakeSince = 0.0
  var idle = 0.0

  init(_ role: Search.Role) {
    self.role = role
    search = Search(dry: role)
  }

  /// Somebody has a unit again.
  mutating func endRest(at now: Double) {
    if let restsSince { idle += now - max(restsSince, awakeSince) }
    restsSince = nil
  }
}
