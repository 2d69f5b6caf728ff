import Adjoint
import Benchmark
import DependencyScheduling
import ScalarGraphs
import SchedulingWorkloads
import TrainingWorkloads

// No blanks in the names: a name is also that of the file with its thresholds.
let benchmarks: @Sendable () -> Void = {
  for name in ["S1", "S2", "S3b", "S3M", "S4", "S5"] { scheduling(name) }
  for name in TrainingWorkload.names {
    for width in [1, 2] { steps(of: name, width: width) }
  }
  unrolled()
  for kind in ScalarGraph.Kind.allCases { scalars(kind) }
}

/// Units of nominal speeds: those of the machine would make other units on another.
private var nominal: Program.Options {
  var options = Program.Options()
  options.measuresCosts = false
  return options
}

private var few: BenchmarkThresholds { BenchmarkThresholds(absolute: [.p90: 8]) }
private func percent(_ tolerance: Double) -> BenchmarkThresholds { BenchmarkThresholds(relative: [.p90: tolerance]) }

/// A schedule's shape, and what twenty runs of it cost once it has been run.
private func scheduling(_ name: String) {
  let costs = [Count.allocations, Count.pageFaults]
  Benchmark.counting(
    "\(name)-width-1", [Count.units, Count.edges, Count.roots] + costs,
    tolerances: [Count.pageFaults: few]
  ) { benchmark in
    let workload = Workload(named: name)!
    let schedule = workload.graph.makeSchedule()
    let executor = try GraphExecutor(width: 1)
    for _ in 0..<3 { try executor.run(schedule, workload.body) }
    try Costs.record(costs, in: benchmark) {
      for _ in 0..<20 { try executor.run(schedule, workload.body) }
    }
    benchmark.measurement(Count.units, schedule.unitCount)
    benchmark.measurement(Count.edges, schedule.edgeCount)
    benchmark.measurement(Count.roots, schedule.roots.count)
  }
}

/// A program's units and memory, and what a step costs once there were some.
///
/// At width 1 that is counted over a hundred steps. At width 2 it depends on how the workers meet: the mean of a step
/// is taken, with a tolerance.
private func steps(of name: String, width: Int) {
  let exactly = [Count.units, Count.peakBytes]
  let costs = [Count.allocations, Count.pageFaults] + (width == 1 ? [Count.voluntarySwitches] : [])
  var tolerances = [Count.pageFaults: few, Count.voluntarySwitches: few]
  if width > 1 {
    tolerances[Count.allocations] = BenchmarkThresholds(absolute: [.p90: 60])
    tolerances[Count.peakBytes] = BenchmarkThresholds(relative: [.p90: 15])
  }
  Benchmark.counting(
    "\(name)-width-\(width)", exactly + costs, tolerances: tolerances
  ) { benchmark in
    let workload = TrainingWorkload.named(name)!
    let program = try Program(workload.loss, gradientsFor: workload.parameters, options: nominal)
    let session = try program.makeSession(on: GraphExecutor(width: width))
    try workload.feed(session)
    for _ in 0..<20 { try session.step() }
    try Costs.record(costs, per: width == 1 ? 1 : 100, in: benchmark) {
      for _ in 0..<100 { try session.step() }
    }
    benchmark.measurement(Count.units, program.unitCount)
    benchmark.measurement(Count.peakBytes, session.memory.peak)
  }
}

/// What compiling a recurrence of 128 unrolled steps costs: at most 2.1 times what one of 64 does, so that repeated
/// sub-structures compile in linear time. A tenth is left for what grows by doubling.
private func unrolled() {
  let memory = [Count.allocations, Count.allocatedBytes]
  Benchmark.counting(
    "lstm-128-steps-compile", [Count.units, Count.excess] + memory,
    tolerances: [Count.allocations: percent(2), Count.allocatedBytes: percent(15)]
  ) { benchmark in
    var units = 0
    func compiling(steps: Int) throws -> Costs {
      let workload = TrainingWorkload.lstm(steps: steps)
      return try Costs(of: {
        units = try Program(workload.loss, gradientsFor: workload.parameters, options: nominal).unitCount
      })
    }
    _ = try compiling(steps: 2)  // what the first program makes for all
    let half = try compiling(steps: 64), whole = try compiling(steps: 128)
    whole.record(memory, in: benchmark)
    benchmark.measurement(Count.units, units)
    let ratios = [\Costs.allocations, \.bytes].map { Double(whole[keyPath: $0]) / Double(max(half[keyPath: $0], 1)) }
    benchmark.measurement(Count.excess, max(0, Int((100 * (ratios.max()! - 2.1)).rounded(.up))))
  }
}

/// What building, compiling and running 100,000 scalar gates costs.
///
/// An array grows into what malloc gives it beyond what was asked for, which depends on the heap's layout: hence the
/// tolerance of bytes.
private func scalars(_ kind: ScalarGraph.Kind) {
  let memory = [Count.allocations, Count.allocatedBytes]
  let tolerances = [Count.allocations: percent(2), Count.allocatedBytes: percent(15)]
  Benchmark.counting("\(kind)-build", memory, tolerances: tolerances) { benchmark in
    Costs.record(memory, in: benchmark) { blackHole(ScalarGraph(kind, gates: 100_000)) }
  }
  Benchmark.counting(
    "\(kind)-compile", [Count.units] + memory, tolerances: tolerances
  ) { benchmark in
    let graph = ScalarGraph(kind, gates: 100_000)
    try Costs.record(memory, in: benchmark) {
      let program = try Program(graph.output, gradientsFor: [graph.input])
      benchmark.measurement(Count.units, program.unitCount)
    }
  }
  let costs = [Count.allocations, Count.pageFaults, Count.voluntarySwitches]
  Benchmark.counting(
    "\(kind)-20-steps-width-1", [Count.peakBytes] + costs,
    tolerances: [Count.pageFaults: few, Count.voluntarySwitches: few]
  ) { benchmark in
    let graph = ScalarGraph(kind, gates: 100_000)
    let session = try Program(graph.output, gradientsFor: [graph.input]).makeSession(on: GraphExecutor(width: 1))
    try session.write(0.3, to: graph.input)
    for _ in 0..<3 { try session.step() }
    try Costs.record(costs, in: benchmark) {
      for _ in 0..<20 { try session.step() }
    }
    benchmark.measurement(Count.peakBytes, session.memory.peak)
  }
}
