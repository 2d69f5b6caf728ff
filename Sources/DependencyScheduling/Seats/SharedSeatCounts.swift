import Synchronization
internal import Threads

/// The ``SeatCounts`` of one executor in an atomic word, changed one step at a time.
///
/// **Who must see what.** The word carries no data. Whoever leaves a unit and then reads the word, and whoever
/// announces in it that a seat is vacant and then looks for units, must not miss one another: all steps take part in
/// one total order with the publishing of units and with the looks for them (see ``SeatCounts``).
struct SharedSeatCounts: ~Copyable {
  private let bits: PaddedAtomic<UInt64>

  init(_ counts: SeatCounts) {
    bits = PaddedAtomic(counts.bits)
  }

  var current: SeatCounts { SeatCounts(bits: bits.word.pointee.load(ordering: .sequentiallyConsistent)) }

  /// Takes one step, and returns what it returns. A step that changes nothing writes nothing.
  func step<Result>(_ change: (inout SeatCounts) -> Result) -> Result {
    var old = bits.word.pointee.load(ordering: .sequentiallyConsistent)
    while true {
      var counts = SeatCounts(bits: old)
      let result = change(&counts)
      if counts.bits == old { return result }
      let exchange = bits.word.pointee.compareExchange(
        expected: old, desired: counts.bits, ordering: .sequentiallyConsistent)
      if exchange.exchanged { return result }
      old = exchange.original
    }
  }
}
