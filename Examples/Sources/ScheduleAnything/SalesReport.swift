import DependencyScheduling
import Synchronization

struct Unreachable: Error {
  var region: Int
}

/// What the tasks work on. The graph orders the accesses to each region's figures; the log has a lock.
final class SalesReport: Sendable {
  private static let regionCount = 8
  private let brokenRegion: Int?
  private let regions = (0..<regionCount).map { _ in Region() }
  private let sum = Mutex(0)
  private let log = Mutex<[String]>([])

  private final class Region: Sendable {
    let figures = Mutex<[Int]>([])
  }

  init(brokenRegion: Int? = nil) {
    self.brokenRegion = brokenRegion
  }

  var total: Int { sum.withLock { $0 } }

  /// What has ended so far, in order.
  func finished() -> [String] { log.withLock { $0 } }

  func tasks() -> TaskGraph {
    var graph = TaskGraph()
    let cleaned = (0..<Self.regionCount).map { region in
      let fetch = graph.addTask("fetch \(region)") { try self.fetch(region) }
      let clean = graph.addTask("clean \(region)") { self.clean(region) }
      graph.addDependency(of: clean, on: fetch)
      return clean
    }
    let join = graph.addTask("join") { self.join() }
    let publish = graph.addTask("publish") { self.note("publish") }
    graph.addDependencies(of: join, on: cleaned)
    graph.addDependency(of: publish, on: join)
    return graph
  }

  private func fetch(_ region: Int) throws {
    if region == brokenRegion { throw Unreachable(region: region) }
    var figure = region
    regions[region].figures.withLock { figures in
      figures = (0..<300_000).map { _ in
        figure = (figure &* 1_103_515_245 &+ 12_345) % 2_147_483_648
        return figure % 1_000 - 10
      }
    }
    note("fetch \(region)")
  }

  private func clean(_ region: Int) {
    regions[region].figures.withLock { $0.removeAll { $0 < 0 } }
    note("clean \(region)")
  }

  private func join() {
    sum.withLock { $0 = regions.reduce(0) { $0 + $1.figures.withLock { $0.reduce(0, +) } } }
    note("join")
  }

  private func note(_ name: String) {
    log.withLock { $0.append(name) }
  }
}
