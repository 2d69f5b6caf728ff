/// Two workers write and finish; the last one reads both.
@main enum CompletionHarness {
  static func main() {
    for _ in 0..<1_000 {
      let progress = Box(RunProgress())
      progress.value.reset(unitCount: 2)
      let data = (Plain(1), Plain(1))
      let threads = TwoThreads()
      threads.run {
        threads.line(first: true, round: 1)
        data.0[0] = 1
        if progress.value.finish(1) { precondition(data.0[0] + data.1[0] == 2) }
      } _: {
        threads.line(first: false, round: 1)
        data.1[0] = 1
        if progress.value.finish(1) { precondition(data.0[0] + data.1[0] == 2) }
      }
    }
  }
}
