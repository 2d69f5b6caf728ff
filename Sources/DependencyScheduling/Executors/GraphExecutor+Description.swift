internal import Threads

/// Who sits where, and what lies about: for a debugger, and for whoever wonders why a run does not end.
extension GraphExecutor: CustomDebugStringConvertible {
  /// The width, the seats, and a line for each run that seats may enter; read one after the other while others go on.
  public var debugDescription: String { seats.description }
}

extension Seats: CustomStringConvertible {
  /// The runs that seats may enter; a snapshot while others go on.
  var runDescriptions: [String] { lock.withLock { openRuns.map(\.description) } }

  /// Whether nobody sits or is expected, and nothing waits.
  var isAtRest: Bool {
    let runs = lock.withLockIfFree { openRuns.count }
    return counts.current.vacant == width && jobs.isEmpty && runs == 0
  }

  /// Waits for no lock: somebody may hold it for ever, which is then what one wants to know.
  var description: String {
    let wish = isWanted ? ", a seat is asked for" : ""
    let summary = "width \(width), \(counts.current), \(jobs.isEmpty ? "no jobs" : "jobs waiting")\(wish)"
    let lines = lock.withLockIfFree {
      ["occupied: \(occupied.isEmpty ? "no seat" : occupied.map { "seat \($0)" }.joined(separator: ", "))"]
        + openRuns.map(\.description)
    }
    return ([summary] + (lines ?? ["the lock of the seats is held"])).joined(separator: "\n")
  }
}

extension Run: CustomStringConvertible {
  var description: String {
    let roots = progress.hasUnclaimedRoots(of: rootCount) ? ", roots unclaimed" : ""
    let inbox = inbox.isEmpty ? "" : ", units completed from outside"
    let walk = lone == nil ? "" : ", one seat alone"
    let probe = probe.current
    let probed = probe.isCounted ? "" : ", the caller alone in \(probe.done)..<\(probe.begun)"
    let stop = progress.isStopping ? ", stopped" : ""
    return "run of \(unitCount) units, \(progress.unitsLeft) not counted as done: \(attendance.current), "
      + "deques \(deques.counts)\(roots)\(inbox)\(walk)\(probed)\(stop)"
  }
}
