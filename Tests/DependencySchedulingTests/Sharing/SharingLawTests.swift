import StressScale
import Testing

@testable import DependencyScheduling

/// However the costs are spread: ten runs after a change at the latest, the better way is found, and kept to.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct SharingLawTests {
  /// Some looks at the clock, which may take longer than the shortest runs.
  private let clock = 300.0

  /// Lets the executor learn for ten runs, and expects every one of `count` more to take at most 1.3 times what the
  /// better way takes, and half of them at most 1.1 times.
  private func expectSettled(_ executor: inout VirtualExecutor, runs count: Int, _ label: Comment) {
    for _ in 0..<10 { _ = executor.run() }
    let better = executor.better
    var within = 0
    for run in 0..<count {
      let time = executor.run().time
      if time <= 1.1 * better + clock { within += 1 }
      if time > 1.3 * better + clock {
        Issue.record("\(label): run \(run) took \(time / better) times the better, \(better) ns, \(executor.record)")
        return
      }
    }
    #expect(within >= count * 95 / 100, label)
  }

  @Test(arguments: 0..<80)
  func `the better way is found within ten runs and kept`(seed: Int) {
    let load = RandomLoads.load(seed: UInt64(seed))
    var executor = VirtualExecutor(load)
    expectSettled(&executor, runs: StressScale.repetitions(500), "seed \(seed)")
  }

  @Test(arguments: 100..<130, [1.0 / 500, 1.0 / 20, 1, 20, 500])
  func `the same with costs that are wrong by any factor`(seed: Int, factor: Double) {
    let load = RandomLoads.load(seed: UInt64(seed), largest: 10_000)
    var executor = VirtualExecutor(load, estimateFactor: factor)
    expectSettled(&executor, runs: 200, "seed \(seed), costs times \(factor)")
  }

  /// The last three are loads whose shared runs are mostly overhead, which hides the change.
  @Test(arguments: Array(200..<230) + [4213, 4531, 4578], [0.001, 0.5, 0.75, 1.5, 2, 1_000])
  func `a load that changes by any factor is learned again`(seed: Int, factor: Double) {
    let load = RandomLoads.load(seed: UInt64(seed), largest: 10_000)
    var executor = VirtualExecutor(load)
    for _ in 0..<100 { _ = executor.run() }
    executor.load = VirtualLoad(load.costs.map { $0 * factor }, width: load.width, isChain: load.isChain)
    expectSettled(&executor, runs: 200, "seed \(seed), later times \(factor)")
    executor.load = load
    expectSettled(&executor, runs: 200, "seed \(seed), back from times \(factor)")
  }

  @Test(arguments: 300..<340)
  func `disturbed runs, some heavily, leave half of all runs near the better`(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed) + 1_000)
    let load = RandomLoads.load(seed: UInt64(seed), largest: 3_000)
    var executor = VirtualExecutor(load)
    var times: [Double] = []
    for _ in 0..<1_000 {
      executor.disturbance = random.below(50) == 0 ? 5 : 1 + 0.1 * RandomLoads.fraction(&random)
      times.append(executor.run().time)
    }
    let median = times[10...].sorted()[495]
    let late = times.suffix(200).sorted()[100]
    let better = executor.better
    #expect(median <= 1.15 * better + clock, "seed \(seed)")
    #expect(late <= 1.2 * better + clock, "seed \(seed)")
  }
}
