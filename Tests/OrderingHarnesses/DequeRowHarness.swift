/// A worker takes a place and leaves a unit there; a thief that finds the place steals it.
@main enum DequeRowHarness {
  static func main() {
    for _ in 0..<200 {
      let row = Shared(value: DequeRow(capacity: 4))
      row.value.reset(width: 2)
      let threads = TwoThreads()
      threads.run {
        precondition(row.value.take() == 0)
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        spin { row.value.placesInUse == 1 }
        precondition(row.value[0].steal() == .empty)
      }
    }
  }
}
