/// The ready units of one virtual worker: its owner takes the youngest, thieves take the oldest.
struct VirtualDeque {
  private var units: [Int32] = []
  private var start = 0
  /// Before then nobody else can steal: the deque's line is on its way to the last thief.
  var freeFrom = 0.0

  var count: Int { units.count - start }

  var isEmpty: Bool { start == units.count }

  mutating func push(_ unit: Int32) { units.append(unit) }

  mutating func pop() -> Int32? {
    if isEmpty { return nil }
    let unit = units.removeLast()
    if isEmpty { empty() }
    return unit
  }

  mutating func steal() -> Int32? {
    if isEmpty { return nil }
    start += 1
    let unit = units[start - 1]
    if isEmpty { empty() }
    return unit
  }

  private mutating func empty() {
    units.removeAll(keepingCapacity: true)
    start = 0
  }
}
