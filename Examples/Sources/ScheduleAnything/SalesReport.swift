import DependencyScheduling

struct Unreachable: Error {
  var region: Int
}

/// A nightly sales report: regions are fetched and cleaned each on its own, then joined, totalled and published.
struct SalesReport {
  /// What the program asks the results for.
  let total: TaskOutput<Int>
  let headline: TaskOutput<String>
  let tasks: TaskSchedule

  init(regions: Int = 8, brokenRegion: Int? = nil) throws {
    var graph = TaskGraph()
    // The regions' servers share a line that carries two transfers at once.
    let line = try graph.group("line", limit: 2)

    let sums = (0..<regions).map { region in
      let figures = graph.task("fetch \(region)", in: line) {
        try await Self.fetch(region, isBroken: region == brokenRegion)
      }
      let clean = graph.task("clean \(region)", figures) { figures in figures.filter { $0 >= 0 } }
      return graph.task("sum \(region)", clean) { figures in figures.reduce(0, +) }
    }

    let all = graph.gather(sums)
    total = graph.task("total", all) { sums in sums.reduce(0, +) }
    let best = graph.task("best", all) { sums in sums.indices.max { sums[$0] < sums[$1] }! }
    headline = graph.task("headline", total, best) { total, best in "\(total) sold, most of them in region \(best)" }

    // Tasks that neither take nor make anything are ordered by hand.
    let publish = graph.addTask("publish") {}
    graph.addDependency(of: publish, on: headline)
    tasks = try graph.frozen()
  }

  /// What a server sends after a while: no thread waits for it.
  private static func fetch(_ region: Int, isBroken: Bool) async throws -> [Int] {
    try await Task.sleep(for: .milliseconds(20))
    if isBroken { throw Unreachable(region: region) }
    var figure = region
    return (0..<300_000).map { _ in
      figure = (figure &* 1_103_515_245 &+ 12_345) % 2_147_483_648
      return figure % 1_000 - 10
    }
  }
}
