/// Two predecessors write and arrive, in every round at the same unit; whoever is last reads both.
@main enum CounterHarness {
  static func main() {
    let rounds = 10_000
    let initial = UnsafeMutablePointer<UInt32>.allocate(capacity: rounds)
    initial.initialize(repeating: 2, count: rounds)
    let owner = DependencyCounters(initialCounts: initial, count: rounds)
    owner.make()
    let counters = Shared(value: owner.cells)
    let data = (Plain(rounds), Plain(rounds))
    let threads = TwoThreads()
    // Both at once: the last one may find the other's decrement by its load or by its subtraction.
    threads.run {
      for round in 0..<rounds / 2 {
        threads.line(first: true, round: round + 1)
        data.0[round] = 1
        if counters.value.arrive(at: UInt32(round)) { precondition(data.0[round] + data.1[round] == 2) }
      }
    } _: {
      for round in 0..<rounds / 2 {
        threads.line(first: false, round: round + 1)
        data.1[round] = 1
        if counters.value.arrive(at: UInt32(round)) { precondition(data.0[round] + data.1[round] == 2) }
      }
    }
    // One after the other: the last one finds a count of 1 by its load.
    threads.run {
      for round in rounds / 2..<rounds {
        data.0[round] = 1
        precondition(!counters.value.arrive(at: UInt32(round)))
        threads.signal(round)
      }
    } _: {
      for round in rounds / 2..<rounds {
        threads.wait(for: round)
        precondition(counters.value.arrive(at: UInt32(round)))
        precondition(data.0[round] == 1)
      }
    }
    precondition(counters.value.areArmed && owner.cells.areArmed)
  }
}
