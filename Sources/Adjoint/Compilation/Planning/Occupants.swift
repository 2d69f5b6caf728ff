/// What a unit has to do with: bytes of a buffer, counted from its start; `nil` for all of them.
struct Touch: Hashable {
  let unit: Int
  let bytes: Range<Int>?

  func meets(_ other: Touch) -> Bool {
    guard let bytes, let others = other.bytes else { return true }
    return bytes.overlaps(others)
  }

  /// The same of the buffer that the one touched is a piece of.
  func of(piece: Placement.BufferPlan) -> Touch {
    let bytes = bytes ?? 0..<piece.byteCount
    return Touch(unit: unit, bytes: bytes.lowerBound + piece.start..<bytes.upperBound + piece.start)
  }

  func covers(_ other: Touch) -> Bool {
    guard let bytes, let others = other.bytes else { return bytes == nil }
    return others.isEmpty || bytes.lowerBound <= others.lowerBound && others.upperBound <= bytes.upperBound
  }
}

/// Who has what in a slot, and what was left there before.
struct Occupants {
  private struct Occupant {
    let buffer: Int
    var bytes: Range<Int>
    /// The units that have to do with it, and those that had with what lay here before: beside each the bytes of the
    /// slot.
    var users: [Int: [Range<Int>]] = [:]
    var previous: [Int: [Range<Int>]] = [:]
  }
  private var occupants: [Occupant] = []
  private var known: Set<Int> = []

  /// Notes that a unit has to do with a buffer that lies at `bytes`; returns the units it must come after, `nil` if
  /// another has been written over the buffer.
  mutating func touch(_ buffer: Int, _ bytes: Range<Int>, _ touch: Touch) -> [Int]? {
    let touched = touch.bytes.map { $0.lowerBound + bytes.lowerBound..<$0.upperBound + bytes.lowerBound } ?? bytes
    if known.insert(buffer).inserted {
      var new = Occupant(buffer: buffer, bytes: bytes)
      occupants = occupants.flatMap { old in
        guard old.bytes.overlaps(bytes) else { return [old] }
        let shared = old.bytes.clamped(to: bytes)
        for (unit, stretches) in old.users {
          new.previous[unit, default: []] += stretches.map { $0.clamped(to: shared) }.filter { !$0.isEmpty }
        }
        return [
          old.bytes.lowerBound..<max(old.bytes.lowerBound, bytes.lowerBound),
          min(old.bytes.upperBound, bytes.upperBound)..<old.bytes.upperBound,
        ].filter { !$0.isEmpty }.map { Occupant(buffer: old.buffer, bytes: $0, users: old.users) }
      }
      occupants.append(new)
    }
    guard let place = occupants.firstIndex(where: { $0.buffer == buffer }), occupants[place].bytes == bytes else {
      return nil
    }
    occupants[place].users[touch.unit, default: []].append(touched)
    return occupants[place].previous.filter { $0.value.contains { $0.overlaps(touched) } }.map(\.key)
  }
}
