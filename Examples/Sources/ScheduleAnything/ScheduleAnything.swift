import DependencyScheduling

/// A nightly sales report: eight regions are fetched and cleaned each on its own, then joined, totalled and published.
/// No gradients anywhere: a `TaskGraph` runs any closures in the order of their dependencies.
@main enum ScheduleAnything {
  static func main() async throws {
    let report = SalesReport()
    let tasks = try report.tasks().frozen()

    // The same frozen graph, on one worker and on as many as the machine grants.
    let alone = try ContinuousClock().measure { try tasks.runBlocking(on: GraphExecutor(width: 1)) }
    let (order, totalAlone) = (report.finished(), report.total)
    let shared = try ContinuousClock().measure { try tasks.runBlocking(on: .shared) }
    print("ran: " + order.joined(separator: ", "))
    let ratio = (alone / shared * 100).rounded() / 100
    print("width 1 took \(alone), width \(GraphExecutor.shared.width) took \(shared): \(ratio) times as fast")
    print("total: \(report.total) sold, " + (report.total == totalAlone ? "the same both times" : "NOT the same"))

    // An error: nothing that waits for the broken region starts, the others' results stay.
    do {
      try await SalesReport(brokenRegion: 5).tasks().frozen().run(on: .shared)
    } catch let error as Unreachable {
      print("failed: region \(error.region) is unreachable, so nothing was published")
    }

    // Cancelling the Swift task that awaits a run stops it between two of its tasks.
    let impatient = Task { try await tasks.run(on: .shared) }
    impatient.cancel()
    if case .failure(let error) = await impatient.result { print("cancelled: \(error)") }

    // A mistake in the graph is an error that lists the ring.
    do {
      var graph = TaskGraph()
      let (chicken, egg) = (graph.addTask("chicken") {}, graph.addTask("egg") {})
      graph.addDependency(of: egg, on: chicken)
      graph.addDependency(of: chicken, on: egg)
      _ = try graph.frozen()
    } catch {
      print("refused: \(error)")
    }
  }
}

extension TaskSchedule {
  /// In asynchronous code `run` without `await` is not to be had; this is for measuring.
  func runBlocking(on executor: GraphExecutor) throws { try run(on: executor) }
}
