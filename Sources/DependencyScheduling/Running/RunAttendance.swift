import Synchronization
internal import Threads

/// The ``Attendance`` of one run in an atomic word, changed one step at a time.
///
/// **Who must see what.** Whoever closes a run has seen what every unit wrote, or a failure, and *releases* it with the
/// step; the caller *acquires* it with its own next step, or with the signal it gets. A seat that leaves *releases*
/// what it did; the last one and the caller *acquire* it. And the announcement of a caller that parks, and the look of
/// whoever leaves a unit, take part in the one total order of calls and announcements (see ``SeatCounts``): hence all
/// steps are sequentially consistent. There are a few for each stay of a worker, none between two units.
struct RunAttendance: ~Copyable {
  private let bits: PaddedAtomic<UInt64>

  init(_ attendance: Attendance) {
    bits = PaddedAtomic(attendance.bits)
  }

  var current: Attendance { Attendance(bits: bits.word.pointee.load(ordering: .sequentiallyConsistent)) }

  /// Whether the run is over.
  @inline(__always)
  var isClosed: Bool { current.isClosed }

  /// Prepares a run while nobody else can reach it.
  func reset(_ attendance: Attendance) {
    bits.word.pointee.store(attendance.bits, ordering: .relaxed)
  }

  /// Takes one step, and returns what it returns. A step that changes nothing writes nothing.
  func step<Result>(_ change: (inout Attendance) -> Result) -> Result {
    var old = bits.word.pointee.load(ordering: .sequentiallyConsistent)
    while true {
      var attendance = Attendance(bits: old)
      let result = change(&attendance)
      if attendance.bits == old { return result }
      let exchange = bits.word.pointee.compareExchange(
        expected: old, desired: attendance.bits, ordering: .sequentiallyConsistent)
      if exchange.exchanged { return result }
      old = exchange.original
    }
  }
}
