public import ArgumentParser
import DependencyScheduling
import ProcessMeter
public import ScalarGraphs

/// What a graph of scalar gates costs a gate: to build, to compile with its gradient, to run, and in memory.
///
/// Processor time is given beside wall time: on a shared machine it moves less.
@main struct ScalarBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scalars", abstract: "Prints one JSON line a graph; times are nanoseconds a gate.")

  @Argument(help: "How many gates; with --sweep, how many the largest graph has.") var gates = 1_000_000
  @Option(
    help: "A chain of multiply, add and sigmoid; or add, multiply, sin, exp and sigmoid with shared subexpressions.")
  var kind = ScalarGraph.Kind.chain
  @Option(help: "Workers.") var width = 1
  @Option(help: "Timed steps, at least.") var runs = 15
  @Flag(help: "Measure 1,000 gates, ten times as many, and so on, and fail if the cost of a gate grows.") var sweep =
    false
  @Option(help: "With --sweep: by how much a gate of the largest graph may cost more than one of 100,000.")
  var factor = 3.0

  func validate() throws {
    do { _ = try GraphExecutor(width: width) } catch { throw ValidationError("--width: \(error)") }
  }

  func run() throws {
    guard sweep else { return print(try ScalarMeasurement(kind, gates: gates, width: width, runs: runs).line) }
    var measurements: [ScalarMeasurement] = []
    for size in sequence(first: 1_000, next: { $0 * 10 }).prefix(while: { $0 <= gates }) {
      measurements.append(try ScalarMeasurement(kind, gates: size, width: width, runs: runs))
      print(measurements.last!.line)
    }
    let failures = try Self.growth(of: measurements, factor: factor)
    failures.forEach { print($0) }
    if !failures.isEmpty { throw ExitCode.failure }
  }

  /// What costs more than `factor` times as much a gate in the largest graph as in that of 100,000 gates.
  private static func growth(of measurements: [ScalarMeasurement], factor: Double) throws -> [String] {
    guard let base = measurements.first(where: { $0.requested == 100_000 }), let last = measurements.last,
      last.requested > base.requested
    else { throw ValidationError("a sweep needs at least 1,000,000 gates to compare with 100,000") }
    return zip(base.costs, last.costs).compactMap { before, after in
      guard after.value > factor * before.value else { return nil }
      return
        "\(after.name) grows: \(before.value) a gate at \(base.requested) gates, \(after.value) at \(last.requested)"
    }
  }
}

extension ScalarGraph.Kind: ExpressibleByArgument {}
