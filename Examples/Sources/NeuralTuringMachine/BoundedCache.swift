/// Values made when first asked for and kept, the `capacity` most recently used of them: the one that was not asked for
/// longest goes first.
///
/// What a program is compiled for, such as a length, has no bound; what is kept must have one.
///
/// - Complexity: O(capacity) an access, which is little beside making or using a program.
struct BoundedCache<Key: Equatable, Value> {
  let capacity: Int
  /// How many values have been made.
  private(set) var madeCount = 0
  /// The most recently used last.
  private var entries: [(key: Key, value: Value)] = []

  init(capacity: Int) {
    precondition(capacity >= 1, "A cache keeps at least one value, got a capacity of \(capacity)")
    self.capacity = capacity
  }

  /// What is kept, the most recently used last.
  var keys: [Key] { entries.map(\.key) }

  /// The value of `key`, by `make` if it is not kept. If that throws, what is kept stays as it was.
  mutating func value(for key: Key, _ make: () throws -> Value) rethrows -> Value {
    if let place = entries.lastIndex(where: { $0.key == key }) {
      let entry = entries.remove(at: place)
      entries.append(entry)
      return entry.value
    }
    let value = try make()
    madeCount += 1
    if entries.count == capacity { entries.removeFirst() }
    entries.append((key, value))
    return value
  }
}
