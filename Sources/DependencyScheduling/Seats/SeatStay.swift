import Synchronization
internal import Threads

/// A seat's stay in one run, as its worker's loop sees it.
struct SeatStay {
  /// Whether seats are wanted elsewhere.
  let isWanted: UnsafePointer<Atomic<Bool>>
  let start: Int64

  /// How long a seat may work on a run while another run has none.
  static let turn: Int64 = 1_000_000  // Decisions/Waking.md

  /// Whether the worker should leave; asked between two units.
  @inline(__always)
  var mustGiveWay: Bool { isWanted.pointee.load(ordering: .relaxed) && hasHadItsTurn }

  @inline(never)
  private var hasHadItsTurn: Bool { MonotonicClock.now - start >= Self.turn }
}
