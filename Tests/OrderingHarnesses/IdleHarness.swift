/// One thread leaves an arena, the other takes it and sees what was done with it.
@main enum IdleHarness {
  static func main() {
    let idle = IdleArenas()
    for _ in 0..<300 {
      let data = Plain(1)
      TwoThreads().run {
        data[0] = 1
        precondition(idle.put(7))
      } _: {
        var taken: UInt32?
        spin {
          taken = idle.take()
          return taken != nil
        }
        precondition(taken == 7 && data[0] == 1)
        data[0] = 2
      }
    }
  }
}
