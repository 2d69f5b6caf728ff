import StressScale
import Testing

@testable import VirtualExecution

/// How far settled runs are from the better of a run alone and a central scheduler that knows everything, at the same
/// prices: a reduced set of what the benchmark of scaling simulates.
@Suite(.timeLimit(.minutes(20)), .watched()) struct ScalingGoalTests {
  @Test(arguments: [2, 4, 8, 16, 64, 128]) func `units of ten hand-overs stay near the better reference`(width: Int) {
    let graphs = [
      VirtualGraphs.chains(16, length: 20, cost: 10_000), VirtualGraphs.independent(4_000, cost: 10_000),
      VirtualGraphs.random(seed: 4, unitCount: 2_000, mean: 20_000), VirtualGraphs.chain(200, cost: 10_000),
    ]
    for (number, graph) in graphs.enumerated() {
      var executor = VirtualExecutor(width: width)
      let ratio = executor.settledRun(of: graph).time / ListScheduling.bestTime(of: graph, width: width)
      #expect(ratio <= 1.15, "graph \(number)")
    }
  }

  @Test(arguments: [2, 4, 8, 16, 64, 128]) func `finer units are never slower than a run alone`(width: Int) {
    let graphs = [
      VirtualGraphs.independent(10_000, cost: 2), VirtualGraphs.chain(10_000, cost: 5),
      VirtualGraphs.random(seed: 5, unitCount: 5_000, mean: 50), VirtualGraphs.chains(16, length: 30, cost: 300),
    ]
    for (number, graph) in graphs.enumerated() {
      var executor = VirtualExecutor(width: width)
      #expect(executor.settledRun(of: graph).time <= 1.05 * executor.timeAlone(graph), "graph \(number)")
    }
  }

  @Test func `128 workers are awake soon, not one after the other`() {
    let graph = VirtualGraphs.independent(1_280, cost: 100_000)
    var executor = VirtualExecutor(width: 128)
    var starts: [Int: Double] = [:]
    for run in executor.sharedRun(of: graph).units {
      starts[run.worker] = min(run.start, starts[run.worker] ?? run.start)
    }
    #expect(starts.count == 128)
    // One after the other they would need 127 times 10 µs.
    #expect(starts.values.max()! < 130_000)
  }
}
