/// How many seats of an executor are vacant, and how many of those taken are looking for work: one half of the protocol
/// of waking; the other is ``Attendance``.
///
/// An executor has as many *seats* as its width. A seat is vacant; or somebody sits in it and *searches*: from the
/// moment it is called, long before its thread runs; or somebody sits in it and *works* on a run or a job.
///
/// **The invariant.** While a run that is shared has fewer workers than it may, and a unit that is ready and
/// unclaimed, and a seat is vacant, somebody is searching or a call is under way.
///
/// **The protocol.** Whoever leaves units where others find them then *calls*: if fewer search than there are units,
/// and a seat is vacant, the caller of ``call(forUnits:)`` wakes that seat, which counts as searching from then on. It
/// wakes no more than one at a time, since each wake-up costs it microseconds. So fewer may be on their way than there
/// is work for; and therefore whoever was the last to search and *finds* something, and each seat that was called and
/// finds something, looks whether there is more, and calls up to two others. With each wake-up that has passed there
/// are at least twice as many awake. Whoever gives up *announces* that its seat is vacant, *looks once more* at every
/// place where a unit can lie, and only then sleeps: either it sees the unit, or the one who left the unit sees the
/// vacant seat, because each of them writes first and reads afterwards, all four accesses in one total order.
///
/// A value: the executor keeps it in one atomic word and exchanges it whole, so each method is one step that nobody
/// sees half of. Every interleaving of three workers is walked by a test, and every line of it is needed.
package struct SeatCounts: Equatable, Sendable {
  /// The seats that nobody sits in; below zero while more are taken than the executor still has.
  package private(set) var vacant: Int32

  /// The seats whose occupants look for work, those being woken included.
  package private(set) var searching: Int32 = 0

  package init(seats: Int) {
    vacant = Int32(seats)
  }

  /// The most seats that a searcher calls which has found something and sees more. With two, twice as many are awake
  /// after each wake-up, and none of them has spent more than two submissions on it.
  package static let callsOfFinder = 2  // Decisions/Waking.md

  /// Takes a seat for somebody who will search, unless as many search as there are units for them, or none is vacant.
  ///
  /// Invoked by whoever has left units for others: after a push, an opening or a completion from outside, and by a
  /// searcher that found something and saw more. True: the one who called wakes a seat.
  ///
  /// - Parameter units: How many units others may find, as far as the one who calls knows; at least 1.
  package mutating func call(forUnits units: Int) -> Bool {
    guard searching < units, vacant > 0 else { return false }
    vacant -= 1
    searching += 1
    return true
  }

  /// A searcher has something to do; true if it was the last one, who must look whether there is more.
  package mutating func find() -> Bool {
    searching -= 1
    return searching == 0
  }

  /// An occupant has run out of work, and searches.
  package mutating func runDry() {
    searching += 1
  }

  /// A searcher gives up: its seat is vacant. It must look once more before it sleeps.
  package mutating func announceSleep() {
    searching -= 1
    vacant += 1
  }

  /// The executor has `count` seats more, or fewer.
  mutating func add(seats count: Int) {
    vacant += Int32(count)
  }

  /// Whether more seats are taken than there are: occupants must get up.
  var isOvercrowded: Bool { vacant < 0 }
}

extension SeatCounts {
  init(bits: UInt64) {
    vacant = Int32(truncatingIfNeeded: bits)
    searching = Int32(truncatingIfNeeded: bits >> 32)
  }

  /// The counts as one word.
  var bits: UInt64 { UInt64(UInt32(bitPattern: vacant)) | UInt64(UInt32(bitPattern: searching)) << 32 }
}

extension SeatCounts: CustomStringConvertible {
  package var description: String { "\(vacant) seats vacant, \(searching) searching" }
}
