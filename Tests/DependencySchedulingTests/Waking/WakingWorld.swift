@testable import DependencyScheduling

/// The small world of a ``WakingScenario`` at one moment: the words that the workers share, and where each of them is.
///
/// It mirrors the scheduler's shell around ``Search``, ``SeatCounts`` and ``Attendance``: each access of the shell that
/// is atomic by itself, or done under one lock, is a step of its own here. Only looks whose outcome can't change any
/// more are done together with the step before them: those that find a run closed, all its roots claimed, or one's own
/// deque empty.
struct WakingWorld {
  /// Something that the shell must do, and that is easily forgotten.
  enum Omission: CaseIterable {
    /// Whoever looks for more calls for every run that has more: a caller that is woken, or searches already, is of no
    /// use to the other runs.
    case callsForAllRuns
    /// Whoever calls a seat from outside of a run holds the seats itself: the run may be over meanwhile.
    case heldSeats
    /// A seat that gives way calls for the unit that it leaves behind, since the run's caller may be parked.
    case callForUnitLeftBehind
    /// A seat that stays awake takes its own seat back, unless that has been called.
    case ownSeat
    /// While more seats are taken than there are, nobody takes a job.
    case jobsNeedSeats
  }

  /// A run's shared words.
  struct Run {
    var attendance: Attendance
    /// For each place its units, the oldest first: four bits each, 0 for none.
    var deques: [UInt64] = [0, 0, 0, 0]
    var placesInUse = 0
    var freePlaces: UInt64 = 0
    var nextRoot = 0
    var inbox: UInt64 = 0
    /// The units whose bodies have begun, those that are done, and those that are suspended, as bits.
    var begun: UInt64 = 0
    var done: UInt64 = 0
    var suspended: UInt64 = 0
    var remaining: Int
    var isStopping = false
    var isLone: Bool
    /// How often the caller's semaphore was signalled and not waited for.
    var signals = 0
    var isListed = false
    /// How often the outcome was taken.
    var ends = 0
  }

  /// Where a worker or an outsider is: what it does with its next step.
  enum Place: UInt64 {
    /// A seat without occupant; a caller that has returned.
    case gone
    /// An outsider before its next event.
    case event
    /// The next action of its search.
    case act
    // Looking for a unit to take.
    case popOwn, takeInbox, claimRoot, steal
    // Running units.
    case begin, body, giveWay, countUnits, runLone, admit, runJob
    // Calling.
    case peek, callRun, wakeCaller, callSeat, submit, askRun, askCounts, wish
    // Looking for what others should do.
    case lookForJobs, lookForRoom, lookForUnits
    // Ending a run.
    case requestStop, close, signalCaller, finish
    // A caller's first and last steps.
    case open, remove, leaveCaller, awaitSeats, takeOutcome
    // Finding a run.
    case withdrawWish, refreshWish, takeJob, chooseRun, enterRun
    /// A unit that was completed from outside counts as run.
    case countCompleted
  }

  /// What follows when a call, a look for what others should do, or the end of a run has been dealt with.
  enum Next: UInt64 {
    case event
    /// The answer to the search.
    case done, found
    /// The search's question whether there is more.
    case answer
    /// A call, if there is something.
    case call
    /// The unit that was claimed.
    case begin
    /// What follows a unit in its chain.
    case chain
    case workIsDry, workIsOver
    case searchAsCaller
    case countCompleted
  }

  struct Actor {
    var at = Place.gone
    var then = Next.event
    var search = 0
    var run = -1
    var place = 0
    var unit = -1
    var next = -1
    var executed = 0
    var index = 0
    var target = 0
    /// How many units it calls for, whether it may call a second seat for them, and whether it does.
    var units = 0
    var mayCallAgain = false
    var hasCalled = false
    /// The neediest run met so far, on the way through all of them.
    var candidate = -1
    /// How many units of it are for seats.
    var candidateUnits = 0
    var seat = 0
    var hasJob = false
    /// Whether a look for a unit belongs to the work, not to a search.
    var isWorking = false
    var gaveWay = false
    /// Whether a seat has said that it searches.
    var isCounted = false
    /// Whether a seat was called and has not looked since whether others should be.
    var owesLook = false
    /// Whether it holds the seats' lock, to look at all runs.
    var holdsLock = false
    /// How many events an outsider is through with.
    var position = 0
  }

  let scenario: WakingScenario
  let table: SearchTable
  let canStop: Bool
  let actorCount: Int
  /// The callers come first, then the outsiders, then the seats' stays.
  let firstOutsider: Int
  let firstStay: Int

  var counts: SeatCounts
  var isWanted = false
  var width: Int
  var jobs = 0
  var jobsDone = 0
  /// The seats made so far, those in the list of vacant ones, and those whose block was submitted and has not begun.
  var madeSeats = 0
  var vacantSeats: UInt64 = 0
  var submitted: UInt64 = 0
  var runs: [Run]
  var actors: [Actor]

  /// What the shell leaves out, if the walk is to notice that.
  let omission: Omission?

  /// What a step found wrong.
  var violation: String?
  /// Which of the outcomes that are possible for a step it is to have, and how many it has.
  var choice = 0
  var outcomes = 1

  init(_ scenario: WakingScenario, _ table: SearchTable, omitting omission: Omission? = nil) {
    (self.scenario, self.table, self.omission) = (scenario, table, omission)
    canStop = scenario.canStop
    width = scenario.width
    counts = SeatCounts(seats: scenario.width)
    runs = scenario.plans.map { plan in
      Run(
        attendance: Attendance(
          caller: plan.hasCaller ? .working : .absent, seatLimit: plan.isLone ? 1 : plan.seatLimit),
        placesInUse: plan.hasCaller ? 1 : 0, remaining: plan.successors.count, isLone: plan.isLone)
    }
    actors = scenario.plans.indices.filter { scenario.plans[$0].hasCaller }.map { Actor(at: .open, run: $0) }
    firstOutsider = actors.count
    actors += scenario.outsiders.map { _ in Actor(at: .event) }
    firstStay = actors.count
    let stays = scenario.seatsOverlap ? scenario.mostSeats + 1 : scenario.mostSeats
    actors += (0..<stays).map { _ in Actor() }
    actorCount = actors.count
  }

  /// One of `count` outcomes, all of which are walked.
  mutating func pick(_ count: Int) -> Int {
    if count == 1 { return 0 }
    let picked = choice / outcomes % count
    outcomes *= count
    return picked
  }

  func isSeat(_ actor: Int) -> Bool { actor >= firstStay }

  func isOutsider(_ actor: Int) -> Bool { actor >= firstOutsider && actor < firstStay }

  /// Calls for so many units, or for more than any world has workers.
  mutating func beginCall(_ actor: Int, for run: Int, units: Int, from place: Place = .callRun, then: Next) {
    actors[actor].at = place
    actors[actor].target = run
    actors[actor].units = min(units, Self.mostUnits)
    actors[actor].then = then
  }

  static let mostUnits = 4

  /// Whether a unit lies where others find it.
  func hasVisibleUnit(_ run: Int) -> Bool {
    let state = runs[run]
    return state.isLone || state.nextRoot < scenario.plans[run].roots.count || state.inbox != 0
      || (0..<state.placesInUse).contains { state.deques[$0] != 0 }
  }
}

// MARK: deques

extension WakingWorld.Run {
  mutating func push(_ unit: Int, at place: Int) {
    var shift: UInt64 = 0
    while deques[place] >> shift != 0 { shift += 4 }
    deques[place] |= UInt64(unit + 1) << shift
  }

  func unitCount(at place: Int) -> Int { (64 - deques[place].leadingZeroBitCount + 3) / 4 }

  /// The youngest unit, for the owner.
  mutating func pop(at place: Int) -> Int? {
    guard deques[place] != 0 else { return nil }
    var shift: UInt64 = 0
    while deques[place] >> (shift + 4) != 0 { shift += 4 }
    let unit = Int(deques[place] >> shift) - 1
    deques[place] &= ~(15 << shift)
    return unit
  }

  /// The oldest unit, for a thief.
  mutating func steal(at place: Int) -> Int? {
    guard deques[place] != 0 else { return nil }
    let unit = Int(deques[place] & 15) - 1
    deques[place] >>= 4
    return unit
  }
}
