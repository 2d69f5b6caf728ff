import SchedulingWorkloads

/// Runs one workload and prints one line, in the columns of the peers' programs; times are nanoseconds a task. Each task
/// is a unit of its own; with `--grouped`, which the first column then says, the schedule groups them:
///
/// implementation, workload, width, check, tasks, edges, build cold, build warm, destroy, run first, median, min, max,
/// bytes a task built, at the peak of building, at the peak of running, involuntary switches, voluntary switches,
/// processor time / wall time, checksum
@main enum SchedulingBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let name = arguments.first, let workload = Workload(named: name) else {
      fatalError("usage: scheduling \(Workload.names.joined(separator: "|")) [width=2] [runs=7] [check] [--grouped]")
    }
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    let width = numbers.first ?? 2
    let runCount = numbers.dropFirst().first ?? 7
    let checks = arguments.contains("check")
    let measurement = try Measurement(
      checks ? workload.checked() : workload, width: width, runCount: runCount, checks: checks,
      groups: arguments.contains("--grouped"))
    guard measurement.workload.holds(runCount + 1) else { fatalError("\(name): the check failed") }
    print(measurement.line)
  }
}
