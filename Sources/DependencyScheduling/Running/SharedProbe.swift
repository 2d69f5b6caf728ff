import Synchronization
internal import Threads

/// The ``Probe`` of one run in an atomic word, changed one step at a time.
///
/// **Who must see what.** Whoever takes the rest over must see what the units before had written: the caller *releases*
/// them with each step, the one who takes *acquires*. The caller must see the counted dependencies before it counts
/// those of its own stretch: the count *releases*, the caller's look *acquires*.
struct SharedProbe: ~Copyable {
  private let bits = PaddedAtomic(Probe.over.bits)

  /// Prepares a run while nobody else can reach it.
  func reset(_ probe: Probe) {
    bits.word.pointee.store(probe.bits, ordering: .relaxed)
  }

  var current: Probe { Probe(bits: bits.word.pointee.load(ordering: .acquiring)) }

  /// Takes one step, and returns what it returns.
  func step<Result>(_ change: (inout Probe) -> Result) -> Result {
    var old = bits.word.pointee.load(ordering: .relaxed)
    while true {
      var probe = Probe(bits: old)
      let result = change(&probe)
      if probe.bits == old { return result }
      let exchange = bits.word.pointee.compareExchange(
        expected: old, desired: probe.bits, ordering: .acquiringAndReleasing)
      if exchange.exchanged { return result }
      old = exchange.original
    }
  }
}

/// What the seat that watches a probed run has seen of its caller.
struct ProbeWatch {
  /// The stretch that the caller was in when it was last seen to go on, and when that was.
  private var seen: (begun: Int, time: Int64)?

  /// Nanoseconds in which a caller whose units are fine begins another stretch, even if it must get its processor back
  /// first: the watcher, who rests between its looks, offers it its own.
  static let patience: Int64 = 30_000  // Decisions/Waking.md

  /// Whether the caller has been in the same stretch for too long under the watcher's eyes; asked again and again.
  mutating func findsSlow(_ probe: Probe, now: Int64) -> Bool {
    guard let seen, seen.begun == probe.begun else {
      seen = (probe.begun, now)
      return false
    }
    return now - seen.time > Self.patience
  }
}
