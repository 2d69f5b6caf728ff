import DependencyScheduling
import Foundation
import ProcessMeter
import SchedulingWorkloads

/// What one call of the program measures: building, a first run, repeated runs, memory, switches.
struct Measurement {
  let workload: Workload
  /// The first column of the line.
  let implementation: String
  let width: Int
  let checks: Bool

  /// How often every task has run.
  private(set) var completeRuns = 0
  private(set) var coldBuild = 0.0
  private(set) var builds: [Double] = []
  private(set) var destroys: [Double] = []
  private(set) var first = 0.0
  private(set) var runs: [Double] = []
  private(set) var builtBytes = 0.0
  private(set) var buildPeakBytes = 0.0
  private(set) var runPeakBytes = 0.0
  private(set) var usage = ProcessMeter.Usage()

  init(
    _ workload: Workload, width: Int, sharing: SharingChoice, runCount: Int, checks: Bool, form: Form, cost: Float?
  ) throws {
    self.workload = workload
    implementation = form.implementation(sharing)
    self.width = width
    self.checks = checks
    let executor = try GraphExecutor(width: width, sharing: sharing.sharing)
    let body = workload.body
    let cost = form == .grouped ? cost ?? timeOfATask() : nil

    ProcessMeter.resetPeak()
    let resident = ProcessMeter.residentBytes
    var built: Built?
    coldBuild = try ProcessMeter.time { built = try Built(workload, form, cost: cost) }
    builtBytes = ProcessMeter.residentBytes - resident
    buildPeakBytes = ProcessMeter.peakBytes - resident

    first = try ProcessMeter.time { try built!.run(on: executor, body) }
    let before = ProcessMeter.usage()
    for _ in 0..<runCount { runs.append(try ProcessMeter.time { try built!.run(on: executor, body) }) }
    usage = ProcessMeter.usage() - before
    runPeakBytes = max(buildPeakBytes, ProcessMeter.peakBytes - resident)
    completeRuns += 1 + runCount

    for _ in 0..<(checks ? 0 : 5) {
      destroys.append(ProcessMeter.time { built = nil })
      builds.append(try ProcessMeter.time { built = try Built(workload, form, cost: cost) })
    }
  }

  /// Nanoseconds a task: the lesser of two runs one after the other, of which the first also touches new memory.
  private mutating func timeOfATask() -> Float {
    let count = workload.graph.unitCount
    let times = (0..<2).map { _ in
      ProcessMeter.time { for unit in 0..<count { workload.body(UnitID(UInt32(unit))) } }
    }
    completeRuns += times.count
    return Float(times.min()! / Double(count))
  }

  /// The columns of the peers' programs.
  var line: String {
    let tasks = Double(workload.graph.unitCount)
    let times = [
      coldBuild, Self.median(builds), Self.median(destroys), first, Self.median(runs), runs.min()!, runs.max()!,
    ]
    let bytes = [builtBytes, buildPeakBytes, runPeakBytes]
    let identity = [implementation, workload.name, "\(width)", checks ? "1" : "0"]
    let sizes = ["\(workload.graph.unitCount)", "\(workload.graph.successors.count)"]
    let switches = ["\(usage.involuntarySwitches)", "\(usage.voluntarySwitches)"]
    let processors = String(format: "%.2f", usage.processorSeconds / (runs.reduce(0, +) * 1e-9))
    let checksum = String(format: "%.17g", workload.checksum())
    return
      (identity + sizes + times.map { String(format: "%.2f", $0 / tasks) }
      + bytes.map { String(format: "%.1f", $0 / tasks) } + switches + [processors, checksum]).joined(separator: ",")
  }

  private static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}
