internal import Threads

extension Run {
  /// How a probe ended.
  enum ProbeEnd {
    /// The run is over.
    case over
    /// The run was shared out: the caller works on it like on any other.
    case shared
    /// The units are fine, and nobody watches any more: this run is closed, and the caller goes on along its walk.
    case goesOn
  }

  /// How long the caller's units must be fine: until the seat has come, and has lost its patience.
  private static let probeTime = 100_000.0  // Decisions/Waking.md

  /// The caller's part of a run that is probed: alone along the serial order, as long as that goes well.
  func probeAsCaller(_ walk: inout WatchedWalk) -> ProbeEnd {
    guard case .plain(let body) = order!.body.kind else { preconditionFailure("units that suspend are not probed") }
    var stretch = 0..<0
    while let positions = walk.next() {
      guard probe.step({ $0.begin(upTo: positions.upperBound) }) else {
        join(after: stretch)
        return .shared
      }
      stretch = positions
      let failure = CurrentRun.with(order!.cancellation, progress.stopFlag) {
        schedule.runAlone(positions, of: walk.order, order!.cancellation, body)
      }
      if let failure {
        stop(because: failure)
        return .over
      }
      if walk.sharesRest(after: positions) != nil {
        // What has run is counted as done before anybody takes it over.
        if probe.step({ $0.begin(upTo: positions.upperBound) }) {
          takeOver(into: deques[0], sharing: order!.width - 1)
          // The seat may have been faster.
          while !probe.current.isCounted { offerProcessor() }
        } else {
          join(after: stretch)
        }
        return .shared
      }
      if walk.latest > Self.probeTime {
        // Takes all that is left, so that nobody else can.
        guard probe.step({ $0.begin(upTo: unitCount) }) else {
          join(after: stretch)
          return .shared
        }
        close()
        return .goesOn
      }
    }
    // Once the last stretch has begun, there is nothing to take.
    close()
    return .over
  }

  /// A seat's part: takes over what the caller has not begun if the caller is in a stretch that takes long.
  func watchCaller(from place: Int, _ watch: inout ProbeWatch) {
    guard watch.findsSlow(probe.current, now: MonotonicClock.now) else { return }
    takeOver(into: deques[place], sharing: order!.width - 1)
  }

  /// Makes what the caller has not begun a run that is shared out.
  private func takeOver(into deque: WorkDeque.Ends, sharing limit: Int) {
    guard let taken = probe.step({ $0.take(of: unitCount) }) else { return }
    retrace(taken.done, resumedAt: taken.begun, into: deque)
    probe.step { $0.count() }
    attendance.step { $0.admit(seats: limit) }
    call(forUnits: unitsInSight)
  }

  /// The caller has run the stretch that it was in when the rest was taken: its units are counted like any others.
  private func join(after stretch: Range<Int>) {
    while !probe.current.isCounted { offerProcessor() }
    let order = schedule.serialOrder
    let isOfStretch = marks
    for position in stretch { isOfStretch[Int(order[position])] = true }
    let deque = deques[0]
    var end = deque.end
    for position in stretch {
      let unit = Int(order[position])
      for edge in Int(offsets[unit])..<Int(offsets[unit + 1]) {
        let target = successors[edge]
        let successor = target & ~ScheduleStorage.onlyPredecessor
        guard target != successor || counters.cells.arrive(at: successor), !isOfStretch[Int(successor)] else {
          continue
        }
        deque.stage(successor, at: end)
        end += 1
      }
    }
    deque.publish(upTo: end)
    call(forUnits: unitsInSight)
    if progress.finish(stretch.count) { close() }
  }
}
