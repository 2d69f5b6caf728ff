import ArgumentParser
import DependencyScheduling
import Foundation
import SchedulingWorkloads

/// Runs one workload and prints one line, in the columns of the peers' programs; times are nanoseconds a task:
///
/// implementation, workload, width, check, tasks, edges, build cold, build warm, destroy, run first, median, min, max,
/// bytes a task built, at the peak of building, at the peak of running, involuntary switches, voluntary switches,
/// processor time / wall time, checksum
///
/// Building starts where the peers' does, from edges visited one by one. Like them it ends with 2 after a mistake in
/// the arguments, and with 1 after a failed check.
@main struct SchedulingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scheduling")

  @Argument(help: "One of \(Workload.names.joined(separator: ", ")).") var workload: String
  @Argument(help: "Workers.") var width = 2
  @Argument(help: "Timed runs, the first few of which still learn whether to share.") var runs = 15
  @Argument(help: "The word check: every task checks its predecessors.") var check: Check?
  @Flag(exclusivity: .exclusive) var form = Form.single
  @Option(
    help: """
      Whether runs are shared out among the workers: automatic, as the executor finds faster; always; or never. The \
      first column says so.
      """)
  var sharing = SharingChoice.automatic
  @Option(help: "With --grouped: nanoseconds a task, from which the groups are made; timed if left out.") var cost:
    Float?

  enum Check: String, ExpressibleByArgument { case check }

  func validate() throws {
    guard Workload.names.contains(workload) else {
      throw ValidationError("no workload \(workload): \(Workload.names.joined(separator: ", "))")
    }
    do { _ = try GraphExecutor(width: width) } catch { throw ValidationError("\(error)") }
    guard runs >= 1 else { throw ValidationError("there is at least one run, got \(runs)") }
    guard cost.map({ $0 >= 0 && form == .grouped }) != false else {
      throw ValidationError("--cost comes with --grouped, and is not negative")
    }
    guard form != .bodies || check == nil else {
      throw ValidationError("--bodies keeps no order that could be checked")
    }
    guard form != .bodies || sharing == .automatic else {
      throw ValidationError("--bodies has no schedule whose runs could be shared out: it splits the tasks itself")
    }
  }

  func run() throws {
    let named = Workload(named: workload)!
    let measurement = try Measurement(
      check == nil ? named : named.checked(), width: width, sharing: sharing, runCount: runs, checks: check != nil,
      form: form, cost: cost)
    guard measurement.workload.holds(measurement.completeRuns) else { throw FailedCheck(workload: workload) }
    print(measurement.line)
  }

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      let text = fullMessage(for: error) + "\n"
      (code.isSuccess ? FileHandle.standardOutput : .standardError).write(Data(text.utf8))
      Foundation.exit(code == .validationFailure ? 2 : code.rawValue)
    }
  }
}

private struct FailedCheck: Error, CustomStringConvertible {
  let workload: String
  var description: String { "\(workload): the check failed" }
}
