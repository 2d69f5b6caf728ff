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
  /// Of allocations or their bytes, whichever grow more: 0 as long as twice the steps take at most 2.1 times as many.
  static let excess = metric("percent above 2.1 times")
  static let pageFaults = metric("page faults")
  static let voluntarySwitches = metric("voluntary context switches")

  private static func metric(_ name: String) -> BenchmarkMetric { .custom(name, useScalingFactor: false) }
}

/// Allocations, page faults and waits.
struct Costs {
  private(set) var allocations = adj_allocation_count()
  private(set) var bytes = adj_allocated_bytes()
  private(set) var pageFaults = adj_page_faults()
  private(set) var switches = adj_voluntary_switches()

  /// All up to now.
  private init() {}

  /// Those of `body`.
  init(of body: () throws -> Void) rethrows {
    let before = Costs()
    try body()
    self.init()
    allocations -= before.allocations
    bytes -= before.bytes
    pageFaults -= before.pageFaults
    switches -= before.switches
  }

  /// Records what `body` cost, divided by `repetitions` and rounded up.
  static func record(
    _ metrics: [BenchmarkMetric], per repetitions: UInt64 = 1, in benchmark: Benchmark, _ body: () throws -> Void
  ) rethrows {
    try Costs(of: body).record(metrics, per: repetitions, in: benchmark)
  }

  func record(_ metrics: [BenchmarkMetric], per repetitions: UInt64 = 1, in benchmark: Benchmark) {
    func record(_ metric: BenchmarkMetric, _ spent: UInt64) {
      benchmark.measurement(metric, Int((spent + repetitions - 1) / repetitions))
    }
    for metric in metrics {
      switch metric {
      case Count.allocations where adj_counts_allocations(): record(metric, allocations)
      case Count.allocatedBytes where adj_counts_allocations(): record(metric, bytes)
      case Count.pageFaults: record(metric, pageFaults)
      case Count.voluntarySwitches: record(metric, switches)
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
