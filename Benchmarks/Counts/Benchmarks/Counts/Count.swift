import Benchmark
import CAllocationCount

/// What is counted. None of it depends on how fast the machine is, so a threshold holds on any.
enum Count {
  static let units = metric("units")
  static let edges = metric("edges")
  static let roots = metric("roots")
  static let peakBytes = metric("bytes of the session at the peak")
  static let allocations = metric("allocations")
  static let allocatedBytes = metric("bytes allocated")
  static let pageFaults = metric("page faults")
  static let voluntarySwitches = metric("voluntary context switches")

  private static func metric(_ name: String) -> BenchmarkMetric { .custom(name, useScalingFactor: false) }
}

/// Allocations, page faults and waits up to a moment.
struct Costs {
  private let allocations = adj_allocation_count()
  private let bytes = adj_allocated_bytes()
  private let pageFaults = adj_page_faults()
  private let switches = adj_voluntary_switches()

  /// Records what `body` cost, divided by `repetitions` and rounded up.
  static func record(
    _ metrics: [BenchmarkMetric], per repetitions: UInt64 = 1, in benchmark: Benchmark, _ body: () throws -> Void
  ) rethrows {
    let before = Costs()
    try body()
    let after = Costs()
    func record(_ metric: BenchmarkMetric, _ cost: KeyPath<Costs, UInt64>) {
      let spent = after[keyPath: cost] - before[keyPath: cost]
      benchmark.measurement(metric, Int((spent + repetitions - 1) / repetitions))
    }
    for metric in metrics {
      switch metric {
      case Count.allocations where adj_counts_allocations(): record(metric, \.allocations)
      case Count.allocatedBytes where adj_counts_allocations(): record(metric, \.bytes)
      case Count.pageFaults: record(metric, \.pageFaults)
      case Count.voluntarySwitches: record(metric, \.switches)
      default: break
      }
    }
  }
}

extension Benchmark {
  /// A benchmark that runs once and is held to `tolerances` above its committed thresholds; exactly to them where a
  /// metric has none.
  static func counting(
    _ name: String, _ metrics: [BenchmarkMetric], tolerances: [BenchmarkMetric: BenchmarkThresholds] = [:],
    _ body: @escaping (Benchmark) throws -> Void
  ) {
    // An absolute tolerance: a relative one lets anything pass where the threshold is 0.
    let exact = Dictionary(uniqueKeysWithValues: metrics.map { ($0, BenchmarkThresholds(absolute: [.p90: 0])) })
    Benchmark(
      name,
      configuration: .init(
        metrics: metrics, warmupIterations: 0, maxDuration: .seconds(60), maxIterations: 1,
        thresholds: exact.merging(tolerances) { $1 }), closure: body)
  }
}
