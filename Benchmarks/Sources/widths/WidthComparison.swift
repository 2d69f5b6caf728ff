import Adjoint
import DependencyScheduling
import ProcessMeter
import ScalarGraphs

/// Steps of one graph at width 1, at width 2 and at width 1 again, turn by turn.
///
/// A turn that another process disturbs is off by any factor, so nothing is read off a single one: the turns are
/// dealt to five parts, and the median of each part is taken.
struct WidthComparison {
  private static let parts = 5

  let gates: Int
  private let units: Int
  private var one: [Double] = []
  private var two: [Double] = []
  private var ratios: [Double] = []
  private var selfRatios: [Double] = []

  init(_ graph: ScalarGraph, turns: Int) throws {
    let program = try Program(graph.output, gradientsFor: [graph.input])
    (gates, units) = (graph.gateCount, program.unitCount)
    let sessions = try [1, 2, 1].map { try program.makeSession(on: GraphExecutor(width: $0)) }
    for session in sessions {
      try session.write(0.3, to: graph.input)
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
      selfRatios.append(times[2] / times[0])
    }
  }

  var ratio: Double { Self.median(ratios) }

  /// How far from 1 the ratio of width 1 to itself is in the worst part.
  var noise: Double { Self.medians(ofParts: selfRatios).map { max($0, 1 / $0) }.max()! - 1 }

  /// Whether width 2 is slower by more than the noise in each part: one in which only the workers of width 2 were
  /// disturbed says nothing.
  var isSlower: Bool { Self.medians(ofParts: ratios).min()! > 1 + noise }

  private static func medians(ofParts values: [Double]) -> [Double] {
    (0..<parts).map { part in median(values.indices.filter { $0 % parts == part }.map { values[$0] }) }
  }

  var line: String {
    let figures = [Self.median(one), Self.median(two)].map { "\(Int($0))" }
    let ratios = [ratio, noise].map { "\(($0 * 1000).rounded() / 1000)" }
    return (["\(gates)", "\(units)"] + figures + ratios).joined(separator: ", ") + (isSlower ? "  slower" : "")
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
