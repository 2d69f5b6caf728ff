/// How far a run has come of which nothing is known: its caller begins alone, and a seat that is called at once
/// watches.
///
/// The caller takes *stretches* of the serial order, one unit at first. If a stretch takes long, the seat *takes
/// over*: what the caller has not begun becomes a run that is shared out, while the caller is still in its stretch. So
/// units that take milliseconds, or wait for others, are shared out from the first one on; and units of nanoseconds
/// never pay for counting dependencies.
///
/// The stretch in progress is `done..<begun`. A value in one atomic word, like ``Attendance``.
struct Probe: Equatable, Sendable {
  /// The positions below have run.
  private(set) var done: Int
  /// The positions below have run, or are being run by the caller.
  private(set) var begun: Int
  /// Whether the rest has been taken from the caller.
  private(set) var isTaken: Bool
  /// Whether the rest can be worked on: the dependencies of what had run are counted.
  private(set) var isCounted: Bool

  /// A run that is probed.
  static let begins = Probe(done: 0, begun: 0, isTaken: false, isCounted: false)
  /// A run that is not, or no longer.
  static let over = Probe(done: 0, begun: 0, isTaken: true, isCounted: true)

  /// The caller begins the next stretch, all before having run; false if the rest was taken.
  mutating func begin(upTo end: Int) -> Bool {
    guard !isTaken else { return false }
    (done, begun) = (begun, end)
    return true
  }

  /// Takes what the caller has not begun, of `count` positions; `nil` if there is nothing to take. Whoever takes it
  /// counts what is `done`.
  mutating func take(of count: Int) -> Probe? {
    guard !isTaken, begun < count else { return nil }
    isTaken = true
    return self
  }

  /// The rest can be worked on.
  mutating func count() { isCounted = true }
}

extension Probe {
  init(bits: UInt64) {
    done = Int(bits & 0x7FFF_FFFF)
    begun = Int(bits >> 31 & 0x7FFF_FFFF)
    isTaken = bits >> 62 & 1 == 1
    isCounted = bits >> 63 == 1
  }

  /// The probe as one word: positions are below 2³¹.
  var bits: UInt64 {
    UInt64(done) | UInt64(begun) << 31 | (isTaken ? 1 << 62 : 0) | (isCounted ? 1 << 63 : 0)
  }
}
