/// One leaves a unit and then looks whether a seat is vacant; the other announces that its seat is vacant and then
/// looks for units. They must not miss one another. Built without a sanitizer, at full speed: what is looked for is the
/// processor's own reordering of the store and the load.
@main enum SleepLitmus {
  static func main() {
    let rounds = 300_000
    let owner = WorkDeque(capacity: 4)
    let deque = Shared(value: owner.ends)
    let counts = Box(SharedSeatCounts(SeatCounts(seats: 1)))
    // The second thread sits, and searches.
    precondition(counts.value.step { $0.call(forUnits: 1) })
    let (called, found, missed) = (Plain(1), Plain(1), Plain(1))
    let threads = TwoThreads()
    threads.run {
      for round in 1...rounds {
        threads.line(first: true, round: 2 * round - 1)
        let end = deque.value.end
        deque.value.stage(7, at: end)
        deque.value.publish(upTo: end + 1)
        called[0] = counts.value.step { $0.call(forUnits: 1) } ? 1 : 0
        threads.line(first: true, round: 2 * round)
        _ = deque.value.pop()
      }
    } _: {
      for round in 1...rounds {
        threads.line(first: false, round: 2 * round - 1)
        counts.value.step { $0.announceSleep() }
        found[0] = deque.value.isEmpty ? 0 : 1
        threads.line(first: false, round: 2 * round)
        // Sits down again, called or not.
        if called[0] == 0 {
          if found[0] == 0 { missed[0] += 1 }
          precondition(counts.value.step { $0.call(forUnits: 1) })
        }
      }
    }
    print("\(missed[0]) of \(rounds) units left beside a sleeper")
    precondition(missed[0] == 0, "a unit was left, and nobody was called for it")
    precondition(owner.ends.isEmpty)
  }
}
