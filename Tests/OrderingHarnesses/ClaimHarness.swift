/// One thread has something alone or reads it, the other reads or has it alone afterwards.
@main enum ClaimHarness {
  private final class Claimed: Sendable {
    let claims = AccessClaims()
  }

  static func main() {
    for round in 0..<300 {
      let claimed = Claimed(), data = Plain(1)
      let threads = TwoThreads()
      threads.run {
        if round % 3 == 2 {
          spin { claimed.claims.claimShared() }
          precondition(data[0] == 0)
        } else {
          spin { claimed.claims.claimAlone() == 0 }
          data[0] = 1
        }
        claimed.claims.end()
        threads.signal(1)
      } _: {
        threads.wait(for: 1)
        if round % 3 == 0 {
          spin { claimed.claims.claimShared() }
          precondition(data[0] == 1)
        } else {
          spin { claimed.claims.claimAlone() == 0 }
          data[0] += 1
        }
        claimed.claims.end()
      }
    }
  }
}
