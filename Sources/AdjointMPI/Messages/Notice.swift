/// Short messages between ranks, as text of fields: what is asked and answered, and small values for all.
enum Notice: Hashable, Sendable {
  case watch(SilenceWatch.Notice)
  /// One rank's bytes for the collection of a number, to rank 0.
  case part(number: Int, [UInt8])
  /// What all ranks have given for it, from rank 0.
  case whole(number: Int, [[UInt8]])
  /// The sender leaves, for this reason.
  case left(String)

  var bytes: [UInt8] {
    switch self {
    case .watch(.question(let subject)): Self.text("question", subject.tag, subject.turn)
    case .watch(.answer(let subject, .works)): Self.text("works", subject.tag, subject.turn)
    case .watch(.answer(let subject, .hasEnded)): Self.text("ended", subject.tag, subject.turn)
    case .watch(.answer(let subject, .waits(let other, let rank))):
      Self.text("waits", subject.tag, subject.turn, other.tag, other.turn, rank)
    case .watch(.ping): Self.text("ping")
    case .watch(.pong): Self.text("pong")
    case .watch(.verdict(let rank, let seconds, let reason)): Self.text("verdict", rank, seconds) + Array(reason.utf8)
    case .part(let number, let bytes): Self.text("part", number) + bytes
    case .whole(let number, let parts):
      Self.text("whole", [number, parts.count] + parts.map(\.count)) + parts.joined()
    case .left(let reason): Self.text("left") + Array(reason.utf8)
    }
  }

  private static func text(_ kind: String, _ numbers: Int...) -> [UInt8] { text(kind, numbers) }

  private static func text(_ kind: String, _ numbers: [Int]) -> [UInt8] {
    Array(([kind] + numbers.map(String.init)).joined(separator: " ").utf8) + [UInt8(ascii: "\n")]
  }

  /// - Returns: `nil` for what no rank sends.
  init?(_ bytes: [UInt8]) {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let fields = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
    let rest = bytes[(end + 1)...], numbers = fields.dropFirst().compactMap { Int($0) }
    guard let kind = fields.first, numbers.count == fields.count - 1 else { return nil }
    func subject(_ first: Int) -> SilenceWatch.Subject {
      SilenceWatch.Subject(tag: numbers[first], turn: numbers[first + 1])
    }
    switch (kind, numbers.count) {
    case ("question", 2): self = .watch(.question(subject(0)))
    case ("works", 2): self = .watch(.answer(subject(0), .works))
    case ("ended", 2): self = .watch(.answer(subject(0), .hasEnded))
    case ("waits", 5): self = .watch(.answer(subject(0), .waits(subject(2), rank: numbers[4])))
    case ("ping", 0): self = .watch(.ping)
    case ("pong", 0): self = .watch(.pong)
    case ("verdict", 2):
      self = .watch(.verdict(rank: numbers[0], seconds: numbers[1], reason: String(decoding: rest, as: UTF8.self)))
    case ("part", 1): self = .part(number: numbers[0], Array(rest))
    case ("whole", 2...):
      let lengths = numbers.dropFirst(2)
      guard lengths.count == numbers[1], lengths.allSatisfy({ $0 >= 0 }), lengths.reduce(0, +) == rest.count else {
        return nil
      }
      var parts: [[UInt8]] = [], first = rest.startIndex
      for length in lengths {
        parts.append(Array(rest[first..<first + length]))
        first += length
      }
      self = .whole(number: numbers[0], parts)
    case ("left", 0): self = .left(String(decoding: rest, as: UTF8.self))
    default: return nil
    }
  }
}
