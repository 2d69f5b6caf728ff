/// What happens next: events by time, and at the same time by lot.
struct EventQueue {
  struct Event {
    var time: Double
    /// Drawn when the event is added, so that a seed decides what of two simultaneous events comes first.
    var lot: UInt64
    var worker: Int

    func comes(before other: Event) -> Bool { time == other.time ? lot < other.lot : time < other.time }
  }

  private var heap: [Event] = []

  /// - Complexity: O(log events).
  mutating func add(_ event: Event) {
    heap.append(event)
    var position = heap.count - 1
    while position > 0 {
      let parent = (position - 1) / 2
      guard heap[position].comes(before: heap[parent]) else { break }
      heap.swapAt(position, parent)
      position = parent
    }
  }

  /// - Complexity: O(log events).
  mutating func next() -> Event? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return first }
    heap[0] = last
    var position = 0
    while true {
      var earliest = position
      for child in [2 * position + 1, 2 * position + 2] where child < heap.count {
        if heap[child].comes(before: heap[earliest]) { earliest = child }
      }
      if earliest == position { return first }
      heap.swapAt(position, earliest)
      position = earliest
    }
  }
}
