/// In every round the owner writes and pushes, the thief steals and reads.
///
/// In step, for the sanitizer remembers only so far back, and reports no race whose first half it has forgotten.
@main enum StealHarness {
  static func main() {
    let rounds = 2_000
    let owner = WorkDeque(capacity: rounds)
    let deque = Shared(value: owner.ends)
    let data = Plain(rounds)
    let threads = TwoThreads()
    threads.run {
      for round in 0..<rounds {
        threads.line(first: true, round: round + 1)
        data[round] = 1
        deque.value.stage(UInt32(round), at: round)
        deque.value.publish(upTo: round + 1)
      }
    } _: {
      for round in 0..<rounds {
        threads.line(first: false, round: round + 1)
        spin { deque.value.steal() == .unit(UInt32(round)) }
        precondition(data[round] == 1)
      }
    }
    precondition(owner.ends.isEmpty)
  }
}
