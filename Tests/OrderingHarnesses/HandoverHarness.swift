/// A block writes and publishes; the task that goes on afterwards reads.
@main enum HandoverHarness {
  static func main() {
    for _ in 0..<100 {
      let handover = Handover()
      let data = Plain(1)
      let threads = TwoThreads()
      threads.run {
        data[0] = 1
        handover.publish()
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        handover.receive()
        precondition(data[0] == 1)
      }
    }
  }
}
