/// The owner writes, pushes twice and pops once; the thief comes later, and what it finds was published by the pop.
@main enum PopThenStealHarness {
  static func main() {
    for _ in 0..<100 {
      let deque = Shared(value: WorkDeque(capacity: 2))
      let data = Plain(2)
      let threads = TwoThreads()
      threads.run {
        data[0] = 1
        deque.value.push(0)
        deque.value.push(1)
        precondition(deque.value.pop() == 1)
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        precondition(deque.value.steal() == .unit(0))
        precondition(data[0] == 1)
      }
    }
  }
}
