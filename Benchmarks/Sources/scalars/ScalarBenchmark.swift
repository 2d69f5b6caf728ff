import Adjoint
import ArgumentParser
import DependencyScheduling
import ProcessMeter

/// What a graph of scalar gates costs a gate: to build, to compile with its gradient, to run, and in memory.
///
/// Processor time is given beside wall time: on a shared machine it moves less.
@main struct ScalarBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "scalars")

  enum Kind: String, ExpressibleByArgument, CaseIterable { case chain, random }

  @Argument(help: "How many gates.") var gates = 1_000_000
  @Option(help: "A chain of multiply, add and sigmoid, or random operands among the last 1,000 values.")
  var kind = Kind.chain
  @Option(help: "Workers.") var width = 1
  @Option(help: "Timed steps.") var runs = 15

  func run() throws {
    let count = Double(gates)
    var f: Node?
    let graph = Graph()
    let x = graph.input("x")
    let build = meter { f = kind == .chain ? chain(from: x) : random(from: x) }
    var program: Program?
    let compile = try meter { program = try Program(f!, gradientsFor: [x]) }
    let session = program!.makeSession(on: GraphExecutor(width: width))
    session[x] = 0.3
    let first = try ProcessMeter.time { try session.step() }
    var times = try (0..<runs).map { _ in try ProcessMeter.time { try session.step() } / count }
    times.sort()
    print(
      """
      {"kind": "\(kind)", "gates": \(gates), "width": \(width), "build_ns": \(build.wall / count), \
      "build_cpu_ns": \(build.cpu / count), "compile_ns": \(compile.wall / count), \
      "compile_cpu_ns": \(compile.cpu / count), "first_step_ns": \(first / count), \
      "step_median_ns": \(times[times.count / 2]), "step_min_ns": \(times[0]), "units": \(program!.unitCount), \
      "session_bytes": \(Double(session.memory.peak) / count), "process_bytes": \(ProcessMeter.peakBytes / count), \
      "check": {"f": \(session[f!]), "gradient": \(session.gradient(of: x))}}
      """)
  }

  private func meter(_ body: () throws -> Void) rethrows -> (wall: Double, cpu: Double) {
    let before = ProcessMeter.usage()
    let wall = try ProcessMeter.time(body)
    return (wall, (ProcessMeter.usage() - before).processorSeconds * 1e9)
  }

  private func chain(from x: Node) -> Node {
    let c = x.graph.constant(0.5)
    var value = x
    for _ in 0..<gates / 4 { value = sigmoid(value * c + x) * c }
    return value
  }

  /// Add, multiply, sin and sigmoid of two values among the last 1,000: shared subexpressions everywhere.
  private func random(from x: Node) -> Node {
    var generator = SystemlessGenerator(state: 42)
    var values = [x]
    while values.count < gates {
      let a = values[values.count - 1 - Int(generator.next() % UInt64(min(values.count, 1000)))]
      let b = values[values.count - 1 - Int(generator.next() % UInt64(min(values.count, 1000)))]
      switch generator.next() % 5 {
      case 0, 1: values.append((a + b))
      case 2: values.append(a * b)
      case 3: values.append(sin(a))
      default: values.append(sigmoid(a))
      }
    }
    return values.suffix(1000).reduce(x) { $0 + $1 }
  }
}

/// A linear congruential generator: the same graph everywhere.
private struct SystemlessGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
