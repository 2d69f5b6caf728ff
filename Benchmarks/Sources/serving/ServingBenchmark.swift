import Adjoint
import ArgumentParser
import DependencyScheduling

/// What a request costs beside its run, and what gathering rows into batches gains: each figure beside what it is
/// compared with, in turns of one process.
@main struct ServingBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "serving")

  @Option(help: "Turns, of which medians are printed.") var turns = 11
  @Option(help: "Workers; without it, as many as the process may have.") var threads: Int?
  @Option(help: "Requests a turn of a small network.") var requests = 2_000
  @Option(help: "Callers at once of the large network.") var callers = 64
  @Option(help: "Rows of each caller a turn.") var rows = 100
  @Option(help: "Microseconds that a row waits for others at most.") var patience = 1_000
  @Option(help: "Batches that run at once.") var runs = 2

  func validate() throws {
    // A tenth of the requests follow a published version each.
    guard requests >= 10 else { throw ValidationError("--requests is at least 10, got \(requests)") }
    guard min(turns, callers, rows, runs) >= 1 else {
      throw ValidationError("--turns, --callers, --rows and --runs are at least 1")
    }
    guard patience >= 0 else { throw ValidationError("--patience is not negative, got \(patience)") }
    do { if let threads { _ = try GraphExecutor(width: threads) } } catch {
      throw ValidationError("--threads: \(error)")
    }
  }

  func run() async throws {
    let executor = try threads.map { try GraphExecutor(width: $0) } ?? .shared
    print("\(executor.width) workers, medians of \(turns) turns")
    try await RequestCost(executor, turns: turns, requests: requests).measure()
    try await PublishedVersion(executor, turns: turns, requests: requests / 10).measure()
    try await Batching(
      executor, turns: turns, callers: callers, rows: rows, patience: .microseconds(patience), runs: runs
    ).measure()
  }
}

/// One of the figures that are taken in turns.
struct Figure {
  var samples: [Double] = []

  var median: Double {
    let sorted = samples.sorted()
    return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
  }
}

/// Microseconds, or any number, to three digits.
func rounded(_ value: Double) -> String {
  let digits = value >= 100 ? 1.0 : value >= 10 ? 10.0 : 100.0
  return "\((value * digits).rounded() / digits)"
}
