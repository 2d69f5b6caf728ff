/// Two workers write and finish; the last one reads both, and so does a caller that only looks.
@main enum CompletionHarness {
  static func main() {
    for round in 0..<1_000 {
      let progress = Shared(value: RunProgress())
      defer { progress.value.deallocate() }
      progress.value.reset(unitCount: 2, wantsHelp: false)
      let data = (Plain(1), Plain(1))
      let threads = TwoThreads()
      threads.run {
        threads.line(first: true, round: 1)
        data.0[0] = 1
        if progress.value.finish(1) {
          precondition(data.0[0] + data.1[0] == 2)
        } else if round % 2 == 0 {
          spin { progress.value.isComplete }
          precondition(data.0[0] + data.1[0] == 2)
        }
      } _: {
        threads.line(first: false, round: 1)
        data.1[0] = 1
        if progress.value.finish(1) { precondition(data.0[0] + data.1[0] == 2) }
      }
    }
  }
}
