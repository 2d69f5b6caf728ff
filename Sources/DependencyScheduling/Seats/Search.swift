/// What a worker does from the moment it has no unit of its own until it has one again, sleeps, or sees that its run is
/// over: the sequence of steps of the protocol of waking, without the steps themselves.
///
/// A worker asks ``next(after:)`` what to do, does it, and answers with what came of it. Each action is one atomic
/// step, or a look at places that others change. ``SeatCounts`` and ``Attendance`` say what the steps do.
///
/// Two kinds of workers differ in where they search and how they sleep. A *caller* searches its own run, and parks. A
/// *seat* searches the run that it is in, leaves, searches all others, and gives its seat back.
package struct Search: Equatable, Sendable {
  package enum Role: Equatable, Sendable { case caller, seat }

  package enum Action: Equatable, Sendable {
    /// Look for a unit in this run: in its deques, its roots, and what was completed from outside. Answer `.found` or
    /// `.nothing`.
    case look
    /// ``SeatCounts/runDry()`` or ``Attendance/callerRunsDry()``. Answer `.done`.
    case countSearching
    /// Wait a little. Answer `.done`, or `.nothing` when patience has run out.
    case rest
    /// ``SeatCounts/find()`` or ``Attendance/callerFinds()``. Answer `.found` if others may depend on this one: it was
    /// the last seat to search, or is a caller; otherwise `.done`. A seat that was called looks for more in any case.
    case countFound
    /// Look whether any run with room holds a unit. Answer `.found` or `.nothing`.
    case lookForMore
    /// ``Attendance/call(forUnits:)``, then ``SeatCounts/call(forUnits:)`` as often as ``SeatCounts/callsOfFinder``
    /// says, of the run where there is more. Answer `.done`.
    case call
    /// Run the unit that was found. The search is over.
    case work
    /// ``Attendance/leave()``. Answer `.done`.
    case leave
    /// Enter a run that has room and a unit, a job counts as one. Answer `.found` or `.nothing`.
    case findRun
    /// ``SeatCounts/announceSleep()`` or ``Attendance/parkCaller()``. Answer `.done`, or `.over` if the run is over.
    case announce
    /// Look once more: at every run with room, or at the caller's own. Answer `.found` or `.nothing`.
    case lookOnceMore
    /// ``SeatCounts/call(forUnits:)`` for oneself, or ``Attendance/unparkCaller()``. Answer `.found` if that
    /// succeeded; otherwise somebody else has called a seat, or will signal the caller: `.nothing`.
    case stayAwake
    /// Sleep: a seat's block returns, a caller waits for its signal, and is searching when it wakes. Only a caller
    /// answers: `.done`.
    case sleep
    /// The run is over, for the caller.
    case end
  }

  package enum Answer: Equatable, Sendable { case done, found, nothing, over }

  package let role: Role
  package private(set) var action: Action
  /// Whether this worker has said that it searches. Nobody asks any more once it has found something.
  private var isCounted: Bool
  /// Whether this seat is in a run; a caller always is.
  private var isInRun: Bool
  /// Whether this seat was called: whoever called it left it to this one to call others.
  private var isCalled = false
  /// Whether this seat leaves its run as soon as it counts as searching.
  private var isLeaving = false

  /// A worker within a run that has no unit of its own.
  package init(dry role: Role) {
    self.role = role
    action = .look
    isCounted = false
    isInRun = true
  }

  /// A seat that has been called: it counts as searching, and is in no run.
  package static var calledSeat: Search {
    var search = Search(dry: .seat)
    search.isCounted = true
    search.isCalled = true
    search.isInRun = false
    search.action = .findRun
    return search
  }

  /// A seat that leaves its run, although there may be units: the seat is wanted elsewhere, or has done a job that
  /// belongs to no run. It counts as searching before it leaves.
  package static var leavingSeat: Search {
    var search = Search(dry: .seat)
    search.action = .countSearching
    search.isLeaving = true
    return search
  }

  /// What to do after the current action has been done with `answer`.
  package mutating func next(after answer: Answer) -> Action {
    action = following(answer)
    return action
  }

  private mutating func following(_ answer: Answer) -> Action {
    if answer == .over { return leaveRunThatIsOver() }
    switch action {
    case .look where answer == .found: return isCounted ? .countFound : .work
    case .look where !isCounted: return .countSearching
    case .look: return .rest
    case .countSearching:
      isCounted = true
      return isLeaving ? .leave : .look
    case .rest where answer == .done: return isInRun ? .look : .findRun
    case .rest: return role == .seat && isInRun ? .leave : .announce
    case .countFound: return answer == .found || isCalled ? .lookForMore : .work
    case .lookForMore: return answer == .found ? .call : .work
    case .call: return .work
    case .leave:
      isInRun = false
      return .findRun
    case .findRun where answer == .found:
      isInRun = true
      return .look
    case .findRun: return .rest
    case .announce: return .lookOnceMore
    case .lookOnceMore: return answer == .found ? .stayAwake : .sleep
    case .stayAwake where answer == .nothing: return .sleep
    case .stayAwake: return role == .seat ? .findRun : .look
    case .sleep: return .look
    case .work, .end: preconditionFailure("a search goes no further than to work, or to the end of the run")
    }
  }

  private func leaveRunThatIsOver() -> Action {
    if role == .caller { return .end }
    return isCounted ? .leave : .countSearching
  }
}
