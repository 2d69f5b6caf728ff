/// What measurements say that one way to run a schedule takes, in nanoseconds for a whole run.
///
/// Other programs can only make a run slower. So a lower measurement is believed at once, while a higher one has to be
/// repeated: ``repetitions`` measurements in a row that lie above ``tolerance`` replace what was known by the lowest
/// of them.
struct KnownTime: Equatable, Sendable {
  /// Infinite for a way that was given up before its end, and is known to lose but not by how much.
  private(set) var time: Double

  /// How often this way was measured, up to ``repetitions``.
  private(set) var samples = 1

  /// How many measurements in a row agree with ``time``, up to ``repetitions``.
  private var agreeing = 1

  /// The lowest of the latest measurements if those contradict ``time`` upwards, and how many they are.
  private var higher = Double.infinity
  private var contradictions = 0

  /// ``time`` when the other way to run was last measured: the load for which both ways are known.
  private var basis: Double

  /// Measurements that differ by less agree.
  static let tolerance = 1.1  // Decisions/Sharing.md

  /// How far the load may move before the other way is in doubt. A way counts as beaten where it takes this factor
  /// longer, so a smaller move that is proportional to the load cannot have made it the better one.
  static let move = 1.25  // Decisions/Sharing.md

  /// Measurements in a row that establish a fact. Where one run in fifty is disturbed, three in a row are disturbed
  /// once in 125,000 runs; two would be, once in 2,500.
  static let repetitions = 3  // Decisions/Sharing.md

  init(_ measured: Double) {
    time = measured
    basis = measured
  }

  /// Whether the latest measurement was higher than what is known, and is not believed yet.
  var isContradicted: Bool { contradictions > 0 }

  /// Whether this way now takes more or less, by a `factor`, than when the other way was last measured.
  func hasMoved(by factor: Double = move) -> Bool {
    agreeing >= Self.repetitions && (time > factor * basis || time * factor < basis)
  }

  /// How much more it takes than when the other way was last measured.
  var growth: Double { time - basis }

  /// Takes note that a whole run took `measured`.
  mutating func note(_ measured: Double) {
    if time == .infinity {
      let samples = samples
      self = KnownTime(measured)
      self.samples = samples
    } else if measured > Self.tolerance * time {
      return contradict(measured)
    } else {
      agreeing = measured * Self.tolerance < time ? 1 : min(agreeing + 1, Self.repetitions)
      time = min(time, measured)
    }
    addSample()
    forgetContradictions()
  }

  /// Takes note that a run was given up after `elapsed`. Returns whether this is now an established contradiction,
  /// after which ``time`` is infinite.
  mutating func note(givenUpAfter elapsed: Double) -> Bool {
    addSample()
    contradictions += 1
    guard contradictions >= Self.repetitions else { return false }
    self = KnownTime(.infinity)
    samples = Self.repetitions
    return true
  }

  /// The other way was measured for the present load.
  mutating func rebase() { basis = time }

  /// The other way is going to be measured anew. If the load has risen, so is this way: it may have been disturbed
  /// ``repetitions`` times in a row.
  mutating func startAgain() {
    if growth > 0 { samples = 0 }
    rebase()
  }

  /// The number of units has changed by `factor`, and the load presumably with it.
  mutating func scale(by factor: Double) {
    time *= factor
    higher *= factor
    basis *= factor
  }

  private mutating func contradict(_ measured: Double) {
    addSample()
    contradictions += 1
    higher = min(higher, measured)
    guard contradictions >= Self.repetitions else { return }
    time = higher
    agreeing = Self.repetitions
    forgetContradictions()
  }

  private mutating func addSample() { samples = min(samples + 1, Self.repetitions) }

  private mutating func forgetContradictions() {
    contradictions = 0
    higher = .infinity
  }
}
