import Adjoint
import ArgumentParser
import DependencyScheduling
import ProcessMeter
import TrainingWorkloads

/// Times training steps of one workload and prints one JSON line in the form of the peers' programs.
@main struct TrainingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "training")

  @Option(help: "One of \(TrainingWorkload.names.joined(separator: ", ")).") var workload = "mlp"
  @Flag(help: "Print the names of the workloads, and end.") var list = false
  @Option(help: "Workers.") var threads = 1
  @Option(help: "Timed seconds, at least five steps.") var seconds = 6.0
  @Option(help: "At most so many steps.") var repeats = 200
  @Flag(help: "Print where the time of one more step goes, instead of the JSON line.") var trace = false

  func validate() throws {
    do { _ = try GraphExecutor(width: threads) } catch { throw ValidationError("--threads: \(error)") }
  }

  mutating func run() throws {
    if list {
      print(TrainingWorkload.names.joined(separator: "\n"))
      return
    }
    let clock = ContinuousClock()
    let begin = clock.now
    guard let built = TrainingWorkload.named(workload) else {
      throw ValidationError("no workload \(workload): \(TrainingWorkload.names.joined(separator: ", "))")
    }
    let graphReady = clock.now
    let program = try Program(built.loss, gradientsFor: built.parameters)
    let session = try program.makeSession(on: GraphExecutor(width: threads))
    try built.feed(session)
    try session.step()
    let first = begin.duration(to: clock.now)
    let firstAfterGraph = graphReady.duration(to: clock.now)

    let warmUp = clock.now
    var count = 0
    repeat {
      try session.step()
      count += 1
    } while count < 3 || warmUp.duration(to: clock.now) < .milliseconds(300) && count < 100_000
    var times: [Double] = []
    let start = clock.now
    while times.count < repeats && (times.count < 5 || start.duration(to: clock.now) < .seconds(seconds)) {
      times.append(milliseconds(try clock.measure { try session.step() }))
    }
    times.sort()
    if trace {
      print(try session.trace().summary)
      return
    }

    let loss = try session.read(built.loss)
    let squares = try built.parameters.map { parameter in
      try session.withGradient(of: parameter, as: Float.self) { span in
        span.indices.reduce(0.0) { $0 + Double(span[$1]) * Double(span[$1]) }
      }
    }.reduce(0, +)
    print(
      """
      {"peer": "adjoint", "workload": "\(workload)", "threads": \(threads), "repeats": \(times.count), \
      "median_ms": \(times[times.count / 2]), "min_ms": \(times[0]), "first_step_s": \(milliseconds(first) / 1000), \
      "first_step_after_graph_s": \(milliseconds(firstAfterGraph) / 1000), \
      "peak_rss_mb": \(ProcessMeter.peakBytes / 1_048_576), "units": \(program.unitCount), "memory": "\(session.memory)", \
      "session_bytes": \(program.sessionBytes), "liveness_bytes": \(program.livenessBytes), \
      "check": {"loss": \(loss), "grad_sumsq": \(squares)}}
      """)
  }

  private func milliseconds(_ duration: Duration) -> Double { duration / .milliseconds(1) }
}
