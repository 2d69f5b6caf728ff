internal import Threads

extension Run {
  /// Goes on along the serial order, as the only seat in an asynchronous run, until the run is over, the rest of it is
  /// shared out, or the seat is wanted elsewhere.
  func workAlone(in stay: SeatStay) -> Pause {
    guard case .plain(let call) = order!.body.kind, var walk = lone else { return .dry }
    let cancellation = order!.cancellation
    while let positions = walk.next() {
      for position in positions {
        let failure = CurrentRun.with(cancellation, progress.stopFlag) {
          schedule.runAlone(position..<position + 1, of: walk.order, cancellation, call)
        }
        if let failure {
          stop(because: failure)
          return .over
        }
        if position + 1 < unitCount && stay.mustGiveWay {
          walk.goBack(to: position + 1)
          lone = walk
          return .givesWay
        }
      }
      if let elapsed = walk.sharesRest(after: positions) {
        shareRest(after: positions.upperBound, elapsed)
        return .dry
      }
    }
    lone = walk
    close()
    return .over
  }

  /// Lets other seats in, beside the one that has come so far alone.
  private func shareRest(after position: Int, _ elapsed: Double) {
    order!.sharesRest?(elapsed)
    lone = nil
    retrace(position, into: deques[0])
    attendance.step { $0.admit(seats: order!.width) }
    call(forUnits: unitsInSight)
  }
}
