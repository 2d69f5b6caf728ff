/// The caller runs a stretch and begins the next; a seat takes the rest over and counts; the caller goes on by the
/// counts.
@main enum ProbeHarness {
  static func main() {
    for _ in 0..<200 {
      let probe = Box(SharedProbe())
      probe.value.reset(.begins)
      let (units, counts) = (Plain(1), Plain(1))
      let threads = TwoThreads()
      threads.run {
        units[0] = 1
        precondition(probe.value.step { $0.begin(upTo: 1) })
        threads.signal(1)
        spin { probe.value.current.isCounted }
        precondition(counts[0] == 1)
      } _: {
        threads.wait(for: 1)
        precondition(probe.value.step { $0.take(of: 2) } != nil)
        precondition(units[0] == 1)
        counts[0] = 1
        probe.value.step { $0.count() }
      }
    }
  }
}
