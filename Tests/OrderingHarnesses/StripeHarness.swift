/// Two threads add to one stripe.
@main enum StripeHarness {
  static func main() {
    for _ in 0..<100 {
      let stripes = Shared(value: StripeClaims(count: 1)), data = Plain(1)
      defer { stripes.value.deallocate() }
      @Sendable func add() {
        for _ in 0..<100 {
          spin { stripes.value.claim(0) }
          data[0] += 1
          stripes.value.giveBack(0)
        }
      }
      TwoThreads().run(add, add)
      precondition(data[0] == 200)
    }
  }
}
