/// One place in a line.
struct Ticket: Hashable, Sendable {
  let number: UInt64
}

/// Those who wait, in the order in which they came, each with something of theirs; whoever likes may leave.
///
/// - Complexity: O(1) amortised for each call: a place that is left is dropped when the line has gone by it, or when
///   half of the places are left.
struct TicketLine<Value> {
  private var places: [Ticket] = []
  /// The first place that may still be taken.
  private var head = 0
  private var values: [Ticket: Value] = [:]

  /// How many wait.
  var count: Int { values.count }
  var isEmpty: Bool { values.isEmpty }
  /// How many places are remembered, those that are left included.
  var placeCount: Int { places.count }

  /// Who came first of those who wait.
  var first: Value? {
    mutating get {
      skipLeft()
      return head < places.count ? values[places[head]] : nil
    }
  }

  /// Takes the last place. A ticket is used once.
  mutating func append(_ value: Value, _ ticket: Ticket) {
    values[ticket] = value
    places.append(ticket)
  }

  mutating func removeFirst() -> (ticket: Ticket, value: Value)? {
    skipLeft()
    guard head < places.count else { return nil }
    let ticket = places[head]
    head += 1
    dropPlaces()
    return (ticket, values.removeValue(forKey: ticket)!)
  }

  /// Leaves the line; `nil` for one who does not wait there, or no longer.
  mutating func remove(_ ticket: Ticket) -> Value? {
    defer { dropPlaces() }
    return values.removeValue(forKey: ticket)
  }

  private mutating func skipLeft() {
    while head < places.count, values[places[head]] == nil { head += 1 }
  }

  /// Drops the places that nobody has, once they are more than those that somebody has.
  private mutating func dropPlaces() {
    if places.count < 2 * values.count + 16 { return }
    places = places[head...].filter { values[$0] != nil }
    head = 0
  }
}

extension TicketLine: Sendable where Value: Sendable {}
