import DependencyScheduling

/// A sales report by a graph of tasks, without gradients anywhere: a `TaskGraph` runs any closures in the order of
/// their dependencies, and hands each what the others have made.
@main enum ScheduleAnything {
  static func main() async throws {
    let report = try SalesReport()

    // The same frozen graph, on one worker and on as many as the machine grants.
    let clock = ContinuousClock()
    let one = try GraphExecutor(width: 1)
    let start = clock.now
    let alone = try await report.tasks.run(on: one)
    let middle = clock.now
    let shared = try await report.tasks.run()
    print("width 1 took \(middle - start), width \(GraphExecutor.shared.width) took \(clock.now - middle)")
    print(shared[report.headline])
    let isSame = alone[report.total] == shared[report.total]
    print("the total was \(isSame ? "the same" : "NOT the same") both times")

    // An error names its task. Nothing that waits for the broken region starts.
    do {
      try await SalesReport(brokenRegion: 5).tasks.run()
    } catch let failure as TaskFailure {
      print("failed: \(failure)")
    }

    // Cancelling the Swift task that awaits a run stops it, and the tasks that are under way; so does a deadline.
    let impatient = Task { try await report.tasks.run() }
    impatient.cancel()
    if case .failure(let error) = await impatient.result { print("cancelled: \(error)") }
    do {
      try await report.tasks.run(cancellation: CancellationToken(deadline: .now + .milliseconds(30)))
    } catch is CancellationError {
      print("too late: no report after 30 ms")
    }

    // A mistake in the graph is an error that lists the ring.
    do {
      var graph = TaskGraph()
      let chicken = graph.addTask("chicken") {}
      let egg = graph.addTask("egg") {}
      graph.addDependency(of: egg, on: chicken)
      graph.addDependency(of: chicken, on: egg)
      _ = try graph.frozen()
    } catch {
      print("refused: \(error)")
    }
  }
}
