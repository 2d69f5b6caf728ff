import Adjoint
import DependencyScheduling
import ProcessMeter
import ScalarGraphs

/// The costs of one graph.
struct ScalarMeasurement {
  let kind: ScalarGraph.Kind
  let requested: Int
  let gates: Int
  let width: Int
  private let build: Time
  private let compile: Time
  private let firstStep: Time
  private let step: Time
  private let stepMedian: Double
  private let stepMinimum: Double
  private let forwardMedian: Double
  private let units: Int
  private let sessionBytes: Double
  private let processBytes: Double
  private let value: Double
  private let gradient: Double

  /// Nanoseconds a gate.
  private struct Time {
    var wall: Double, processor: Double

    init(gates: Int, runs: Int = 1, _ body: () throws -> Void) rethrows {
      let before = ProcessMeter.usage()
      wall = try ProcessMeter.time(body) / Double(gates * runs)
      processor = (ProcessMeter.usage() - before).processorSeconds * 1e9 / Double(gates * runs)
    }
  }

  init(_ kind: ScalarGraph.Kind, gates requested: Int, width: Int, runs: Int) throws {
    (self.kind, self.requested, self.width) = (kind, requested, width)
    ProcessMeter.resetPeak()
    let resident = ProcessMeter.residentBytes
    var made: ScalarGraph?
    build = Time(gates: requested) { made = ScalarGraph(kind, gates: requested) }
    let graph = made!
    let gates = graph.gateCount
    self.gates = gates
    var compiled: Program?
    compile = try Time(gates: gates) { compiled = try Program(graph.output, gradientsFor: [graph.input]) }
    let program = compiled!
    units = program.unitCount
    let session = try program.makeSession(on: GraphExecutor(width: width))
    try session.write(0.3, to: graph.input)
    firstStep = try Time(gates: gates) { try session.step() }

    let runs = max(runs, 2_000_000 / gates)
    func times(_ body: () throws -> Void) rethrows -> [Double] {
      try (0..<runs).map { _ in try ProcessMeter.time(body) / Double(gates) }.sorted()
    }
    var steps: [Double] = []
    step = try Time(gates: gates, runs: runs) { steps = try times { try session.step() } }
    (stepMedian, stepMinimum) = (steps[runs / 2], steps[0])
    forwardMedian = try times { try session.forward() }[runs / 2]
    try session.step()
    sessionBytes = Double(session.memory.peak) / Double(gates)
    processBytes = (ProcessMeter.peakBytes - resident) / Double(gates)
    (value, gradient) = try (session.read(graph.output), session.gradient(of: graph.input))
    precondition(value.isFinite && gradient.isFinite, "The values of a \(kind) of \(gates) gates are not finite")
  }

  /// What must not grow with the size of the graph, by gate. A process holds some memory whatever it runs, but at
  /// 100,000 gates that no longer shows.
  var costs: [(name: String, value: Double)] {
    [
      ("processor time of building", build.processor), ("processor time of compiling", compile.processor),
      ("processor time of a step", step.processor), ("bytes of the session", sessionBytes),
      ("bytes of the process", processBytes),
    ]
  }

  var line: String {
    """
    {"kind": "\(kind)", "gates": \(gates), "width": \(width), "build_ns": \(build.wall), \
    "build_cpu_ns": \(build.processor), "compile_ns": \(compile.wall), "compile_cpu_ns": \(compile.processor), \
    "first_step_ns": \(firstStep.wall), "step_median_ns": \(stepMedian), "step_min_ns": \(stepMinimum), \
    "forward_median_ns": \(forwardMedian), "backward_median_ns": \(stepMedian - forwardMedian), \
    "step_cpu_ns": \(step.processor), "units": \(units), "session_bytes": \(sessionBytes), \
    "process_bytes": \(processBytes), "check": {"f": \(value), "gradient": \(gradient)}}
    """
  }
}
