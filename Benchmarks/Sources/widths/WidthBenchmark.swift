import Adjoint
public import ArgumentParser
import DependencyScheduling
import ProcessMeter
public import ScalarGraphs

/// Whether two workers are ever slower than one: steps of scalar graphs of 2⁰ … 2²⁰ gates at both widths, in turns.
///
/// The noise is what width 1 shows against itself in the same turns: two sessions of width 1 take part in each, and the
/// ratio of the slower to the faster of them, which nine turns in ten stay below, is what width 2 may be slower by.
@main struct WidthBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "widths", abstract: "Prints the time of a step at width 2 relative to width 1, by size of the graph.")

  @Option(help: "A chain, or random.") var kind = ScalarGraph.Kind.random
  @Option(help: "The base-2 logarithm of the largest graph's gates.") var largest = 20
  @Option(help: "Turns a size.") var turns = 31
  @Flag(help: "Fail if width 2 is slower by more than the noise at any size.") var check = false

  func run() throws {
    print("gates, units, width 1 ns a step, width 2 ns a step, ratio, noise")
    var slower: [Int] = []
    for exponent in 0...largest {
      let comparison = try WidthComparison(ScalarGraph(kind, gates: 1 << exponent), turns: turns)
      print(comparison.line)
      if comparison.isSlower { slower.append(comparison.gates) }
    }
    if !slower.isEmpty {
      print("slower at width 2: graphs of \(slower.map(String.init).joined(separator: ", ")) gates")
    }
    if check && !slower.isEmpty { throw ExitCode.failure }
  }
}

extension ScalarGraph.Kind: ExpressibleByArgument {}

/// Steps of one graph at width 1, at width 2 and at width 1 again, `turns` times.
struct WidthComparison {
  let gates: Int
  private let units: Int
  private var one: [Double] = []
  private var two: [Double] = []
  private var ratios: [Double] = []
  private var selfRatios: [Double] = []

  init(_ graph: ScalarGraph, turns: Int) throws {
    let program = try Program(graph.output, gradientsFor: [graph.input])
    (gates, units) = (graph.gateCount, program.unitCount)
    let sessions = [1, 2, 1].map { program.makeSession(on: GraphExecutor(width: $0)) }
    for session in sessions {
      session[graph.input] = 0.3
      for _ in 0..<3 { try session.step() }
    }
    // At least a millisecond a turn and session, so that the clock's own cost does not show.
    let once = try ProcessMeter.time { try sessions[0].step() }
    let steps = max(1, Int(1e6 / max(once, 1)))
    for _ in 0..<turns {
      let times = try sessions.map { session in
        try ProcessMeter.time { for _ in 0..<steps { try session.step() } } / Double(steps)
      }
      one.append(times[0])
      two.append(times[1])
      ratios.append(2 * times[1] / (times[0] + times[2]))
      selfRatios.append(max(times[0], times[2]) / min(times[0], times[2]))
    }
  }

  var ratio: Double { Self.quantile(0.5, of: ratios) }
  var noise: Double { Self.quantile(0.9, of: selfRatios) }
  var isSlower: Bool { ratio > noise }

  var line: String {
    let figures = [Self.quantile(0.5, of: one).rounded(), Self.quantile(0.5, of: two).rounded()].map { "\(Int($0))" }
    let ratios = [ratio, noise].map { "\(($0 * 1000).rounded() / 1000)" }
    return (["\(gates)", "\(units)"] + figures + ratios).joined(separator: ", ") + (isSlower ? "  slower" : "")
  }

  private static func quantile(_ part: Double, of values: [Double]) -> Double {
    values.sorted()[Int(part * Double(values.count - 1))]
  }
}
