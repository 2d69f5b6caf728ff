/// The pure part of a bounded cache whose values are made on demand, each once however many ask: who makes, who waits,
/// what is given up.
///
/// It takes no lock, makes nothing and wakes nobody: each event answers what is to be done. What was asked for the
/// longest time ago is given up first. What is being made takes no room yet, so it cannot be given up either.
struct FamilyCache<Key: Hashable, Value, Waiter> {
  /// The most values that are kept.
  let capacity: Int
  private var kept: [Key: Kept] = [:]
  private var waiting: [Key: [Ticket: Waiter]] = [:]
  /// Counts the requests: what was asked for last has the highest number.
  private var clock: UInt64 = 0
  private(set) var statistics = FamilyStatistics()

  private struct Kept {
    let value: Value
    var lastUse: UInt64
  }

  init(capacity: Int) { self.capacity = capacity }

  /// What one who asks gets.
  enum Answer {
    case found(Value)
    /// Whoever asked makes the value, and says ``finish(_:_:)``.
    case make
    /// Another makes it.
    case wait
  }

  /// How many values are kept.
  var count: Int { kept.count }

  /// Somebody asks who, if another makes the value, looks again later.
  mutating func ask(for key: Key) -> Answer {
    if let value = find(key) { return .found(value) }
    if waiting[key] != nil { return .wait }
    waiting[key] = [:]
    return .make
  }

  /// Somebody asks, and waits for the value if another makes it.
  mutating func ask(for key: Key, _ waiter: Waiter, _ ticket: Ticket) -> Answer {
    let answer = ask(for: key)
    if case .wait = answer { waiting[key]![ticket] = waiter }
    return answer
  }

  private mutating func find(_ key: Key) -> Value? {
    guard let place = kept.index(forKey: key) else { return nil }
    clock += 1
    kept.values[place].lastUse = clock
    statistics.hits += 1
    return kept.values[place].value
  }

  /// Somebody waits no longer; `nil` if they were told before.
  mutating func leave(_ key: Key, _ ticket: Ticket) -> Waiter? { waiting[key]?.removeValue(forKey: ticket) }

  /// Ends the making of a value, and answers who has waited for it.
  ///
  /// - Parameters:
  ///   - key: which one was asked for.
  ///   - value: `nil` if it could not be made: then nothing is kept, and the next one who asks makes it.
  /// - Returns: who waits, and the value that was given up for this one.
  /// - Complexity: O(capacity).
  mutating func finish(_ key: Key, _ value: Value?) -> (waiters: [Waiter], evicted: Value?) {
    let waiters = Array(waiting.removeValue(forKey: key)!.values)
    guard let value else { return (waiters, nil) }
    statistics.compiled += 1
    var evicted: Value?
    if kept.count == capacity, let oldest = kept.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      evicted = kept.removeValue(forKey: oldest.key)?.value
      statistics.evicted += 1
    }
    clock += 1
    kept[key] = Kept(value: value, lastUse: clock)
    statistics.hits += waiters.count
    return (waiters, evicted)
  }

  func _checkInvariants() { assert(kept.count <= capacity && waiting.keys.allSatisfy { kept[$0] == nil }) }
}

/// What a ``ProgramFamily`` has done so far.
public struct FamilyStatistics: Hashable, Sendable {
  /// Programs that were compiled.
  public internal(set) var compiled = 0
  /// Requests that found a program, or waited for one that another request had compiled.
  public internal(set) var hits = 0
  /// Programs that were given up for others.
  public internal(set) var evicted = 0
}
