import ProcessMeter
import DependencyScheduling
import SchedulingWorkloads

/// What one call of the program measures: building, a first run, repeated runs, memory, switches.
struct Measurement {
  let workload: Workload
  let width: Int
  let checks: Bool
  let groups: Bool

  private(set) var coldBuild = 0.0
  private(set) var builds: [Double] = []
  private(set) var destroys: [Double] = []
  private(set) var first = 0.0
  private(set) var runs: [Double] = []
  private(set) var builtBytes = 0.0
  private(set) var buildPeakBytes = 0.0
  private(set) var runPeakBytes = 0.0
  private(set) var usage = ProcessMeter.Usage()

  init(_ workload: Workload, width: Int, runCount: Int, checks: Bool, groups: Bool) throws {
    self.workload = workload
    self.width = width
    self.checks = checks
    self.groups = groups
    let executor = GraphExecutor(width: width)
    let body = workload.body

    ProcessMeter.resetPeak()
    let resident = ProcessMeter.residentBytes
    var schedule: BuiltSchedule?
    coldBuild = ProcessMeter.time { schedule = BuiltSchedule(workload.graph, groups: groups) }
    builtBytes = ProcessMeter.residentBytes - resident
    buildPeakBytes = ProcessMeter.peakBytes - resident

    first = try ProcessMeter.time { try schedule!.run(on: executor, body) }
    let before = ProcessMeter.usage()
    for _ in 0..<runCount { runs.append(try ProcessMeter.time { try schedule!.run(on: executor, body) }) }
    usage = ProcessMeter.usage() - before
    runPeakBytes = max(buildPeakBytes, ProcessMeter.peakBytes - resident)

    for _ in 0..<(checks ? 0 : 5) {
      destroys.append(ProcessMeter.time { schedule = nil })
      builds.append(ProcessMeter.time { schedule = BuiltSchedule(workload.graph, groups: groups) })
    }
  }

  /// The columns of the peers' programs.
  var line: String {
    let tasks = Double(workload.graph.unitCount)
    let perTask = [
      coldBuild, Self.median(builds), Self.median(destroys), first, Self.median(runs), runs.min() ?? 0,
      runs.max() ?? 0, builtBytes, buildPeakBytes, runPeakBytes,
    ]
    let identity = [groups ? "adjoint-grouped" : "adjoint", workload.name, "\(width)", checks ? "1" : "0"]
    let sizes = ["\(workload.graph.unitCount)", "\(workload.graph.successors.count)"]
    let switches = ["\(usage.involuntarySwitches)", "\(usage.voluntarySwitches)"]
    let processors = Self.rounded(usage.processorSeconds / (runs.reduce(0, +) * 1e-9))
    return
      (identity + sizes + perTask.map { Self.rounded($0 / tasks) } + switches + [processors]
      + ["\(workload.checksum())"]).joined(separator: ",")
  }

  private static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// Two decimals.
  private static func rounded(_ value: Double) -> String {
    let hundredths = Int((abs(value) * 100).rounded())
    let fraction = hundredths % 100
    return (value < 0 ? "-" : "") + "\(hundredths / 100)." + (fraction < 10 ? "0" : "") + "\(fraction)"
  }
}

/// One task a unit, or many.
private enum BuiltSchedule {
  case single(Schedule)
  case grouped(GroupedSchedule)

  init(_ graph: WorkloadGraph, groups: Bool) {
    self = groups ? .grouped(graph.makeSchedule().grouped()) : .single(graph.makeSchedule())
  }

  func run(on executor: GraphExecutor, _ body: @Sendable (UnitID) -> Void) throws {
    switch self {
    case .single(let schedule): try executor.run(schedule, body)
    case .grouped(let schedule): try schedule.run(on: executor, body)
    }
  }
}
