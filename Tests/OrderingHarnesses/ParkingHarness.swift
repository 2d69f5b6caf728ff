/// A worker ends the run and then looks for a parked caller; the caller announces itself too late to be found, and
/// must see that the run is over.
@main enum ParkingHarness {
  static func main() {
    for _ in 0..<100 {
      let progress = Shared(value: RunProgress())
      defer { progress.value.deallocate() }
      progress.value.reset(unitCount: 1, wantsHelp: false)
      let data = Plain(1)
      let threads = TwoThreads()
      threads.run {
        data[0] = 1
        precondition(!progress.value.endParking())
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        progress.value.announceParking()
        precondition(data[0] == 1)
      }
    }
  }
}
