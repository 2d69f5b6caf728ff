/// Who takes part in one run: its caller, and how many seats; and whether it is over. The second half of the protocol
/// of waking, beside ``SeatCounts``.
///
/// The *caller* of a synchronous run works on its own thread: it works; or it has run dry and *searches*; or it is
/// *parked*, asleep until somebody takes the announcement back; or it *waits* for the seats to leave, since the run is
/// over. An asynchronous run has no caller. Seats *enter* while the run is open and has room, and *leave* when they
/// find nothing, or when their seat is wanted elsewhere. Whoever runs the last unit, or stops the run, *closes* it,
/// and the last to leave a closed run ends it: it signals the caller that waits or, if there is none, finishes the run
/// itself.
///
/// A value in one atomic word of the run, like ``SeatCounts``: parking and closing are steps on the same word, so one
/// of them comes first, and no run is over without its caller's knowledge.
package struct Attendance: Equatable, Sendable {
  package enum Caller: UInt64, Sendable {
    /// The run is asynchronous: seats alone work on it.
    case absent
    case working, searching, parked
    /// Asleep until the last seat has left.
    case waiting
  }

  package private(set) var caller: Caller
  /// The seats inside.
  package private(set) var seats = 0
  /// The most seats that may be inside.
  package private(set) var seatLimit: Int
  /// Whether nobody may enter any more: every unit has run, or the run was stopped.
  package private(set) var isClosed = false

  /// A run before it begins.
  package init(caller: Caller, seatLimit: Int) {
    self.caller = caller
    self.seatLimit = seatLimit
  }

  // MARK: calling

  package enum Call: Equatable {
    /// Wake the caller: its announcement has been taken back.
    case wakeCaller
    /// There is room for seats that take so many of the units: see whether one is vacant and fewer search.
    case seat(forUnits: Int)
    /// Nobody else may come, or the caller searches and there is nothing for others.
    case nobody
  }

  /// Whom somebody should wake who has left units for others. Only ``Call/wakeCaller`` changes anything.
  ///
  /// - Parameter units: How many units others may find, as far as the one who calls knows; at least 1.
  package mutating func call(forUnits units: Int) -> Call {
    if isClosed { return .nobody }
    if caller == .parked {
      caller = .searching
      return .wakeCaller
    }
    // A caller that searches takes one of them.
    let forSeats = min(caller == .searching ? units - 1 : units, seatLimit - seats)
    return forSeats > 0 ? .seat(forUnits: forSeats) : .nobody
  }

  // MARK: the caller

  /// The caller has run out of units, and searches.
  package mutating func callerRunsDry() { caller = .searching }

  /// The caller has a unit; it must look whether there are more, since those who left them counted on it.
  package mutating func callerFinds() { caller = .working }

  /// The caller announces that it will sleep; false if the run is over. It must look once more before it does.
  package mutating func parkCaller() -> Bool {
    guard !isClosed else { return false }
    caller = .parked
    return true
  }

  /// The caller takes its announcement back; false if somebody else has, who then signals it.
  package mutating func unparkCaller() -> Bool {
    guard caller == .parked else { return false }
    caller = .searching
    return true
  }

  /// The caller leaves a run that is over; true if it must wait for seats that are still inside.
  package mutating func leaveCaller() -> Bool {
    if seats == 0 { return false }
    caller = .waiting
    return true
  }

  // MARK: seats

  /// Lets a seat in, if the run is open and has room.
  package mutating func enter() -> Bool {
    guard !isClosed, seats < seatLimit else { return false }
    seats += 1
    return true
  }

  package enum End: Equatable {
    /// Others are inside, or the run goes on.
    case notYet
    /// Signal the caller.
    case signalCaller
    /// Nobody is left: whoever got this answer ends the run.
    case finish
  }

  /// Lets a seat out. One that leaves a run that goes on must look at the run's units again before it sleeps.
  package mutating func leave() -> End {
    seats -= 1
    guard isClosed, seats == 0 else { return .notYet }
    switch caller {
    case .absent: return .finish
    case .waiting: return .signalCaller
    case .working, .searching, .parked: return .notYet
    }
  }

  /// Ends the run: nobody enters any more. Several may close a run; the first counts.
  package mutating func close() -> End {
    if isClosed { return .notYet }
    isClosed = true
    switch caller {
    case .parked:
      caller = .searching
      return .signalCaller
    case .absent: return seats == 0 ? .finish : .notYet
    case .working, .searching, .waiting: return .notYet
    }
  }

  /// The run that began on one seat is shared out: as many as `limit` may come.
  package mutating func admit(seats limit: Int) { seatLimit = limit }

  /// Whether another seat may enter.
  package var hasRoom: Bool { !isClosed && seats < seatLimit }
}

extension Attendance {
  init(bits: UInt64) {
    seats = Int(bits & 0xFFFF)
    seatLimit = Int(bits >> 16 & 0xFFFF)
    caller = Caller(rawValue: bits >> 32 & 7)!
    isClosed = bits >> 35 & 1 == 1
  }

  /// Who attends, as one word. The most seats are 65,535.
  var bits: UInt64 {
    UInt64(seats) | UInt64(seatLimit) << 16 | caller.rawValue << 32 | (isClosed ? 1 << 35 : 0)
  }
}

extension Attendance: CustomStringConvertible {
  package var description: String {
    "\(isClosed ? "closed" : "open"), caller \(caller), \(seats) of \(seatLimit) seats inside"
  }
}
