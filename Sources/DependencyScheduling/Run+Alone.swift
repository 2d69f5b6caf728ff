extension Run {
  /// Runs every unit on the calling thread: no thread, no read-modify-write.
  ///
  /// The same order of preference as with several workers. The run must have been opened with width 1.
  func workAlone(_ body: Body) {
    let (offsets, successors, counters, progress) = (offsets, successors, counters, progress)
    let stack = deques[0]
    let cancellation = cancellation
    for position in 0..<rootCount {
      var unit = roots[position]
      while true {
        if let cancellation, cancellation.isCancelled { return stop(because: CancellationError()) }
        do {
          try body(UnitID(unit))
        } catch {
          return stop(because: error)
        }
        var next: UInt32?
        var edge = offsets[Int(unit)]
        let end = offsets[Int(unit) &+ 1]
        while edge < end {
          let target = successors[Int(edge)]
          edge &+= 1
          let successor = target & ~ScheduleStorage.onlyPredecessor
          guard target != successor || counters.arriveAlone(at: successor) else { continue }
          if next == nil { next = successor } else { stack.push(successor) }
        }
        guard let following = next ?? stack.popAlone() else { break }
        unit = following
      }
    }
    assert(!progress.isStopping)
  }
}
