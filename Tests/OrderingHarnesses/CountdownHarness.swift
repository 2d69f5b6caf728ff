/// Two units write a part each; whoever is last reads both.
@main enum CountdownHarness {
  static func main() {
    for _ in 0..<1_000 {
      let left = Countdowns([2]), data = (Plain(1), Plain(1))
      let threads = TwoThreads()
      threads.run {
        threads.line(first: true, round: 1)
        data.0[0] = 1
        if left.isLast(0) { precondition(data.0[0] + data.1[0] == 2) }
      } _: {
        threads.line(first: false, round: 1)
        data.1[0] = 1
        if left.isLast(0) { precondition(data.0[0] + data.1[0] == 2) }
      }
    }
  }
}
