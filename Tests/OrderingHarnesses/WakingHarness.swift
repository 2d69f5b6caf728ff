/// Walks the small scenarios of the protocol of waking, and fails at the first that goes wrong.
@main struct WakingHarness {
  static func main() throws {
    let table = SearchTable()
    for scenario in WakingScenario.small {
      var walk = WakingWalk(scenario, table)
      try walk.walk(atMost: 1_000_000)
    }
  }
}
