/// A run leaves a unit and wishes for a seat; the seat that takes the wish back reads the unit.
@main enum WishHarness {
  static func main() {
    for _ in 0..<200 {
      let wish = Box(SeatWish())
      let data = Plain(1)
      let threads = TwoThreads()
      threads.run {
        data[0] = 1
        wish.value.make()
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        precondition(wish.value.takeBack())
        precondition(data[0] == 1)
      }
    }
  }
}
