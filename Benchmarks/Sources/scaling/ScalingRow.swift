import VirtualExecution

/// One case at all widths.
struct ScalingRow {
  static let widths = [1, 2, 4, 8, 16, 32, 64, 128]

  /// Where units cost as much and more, handing one over is worth it: ten times what that takes.
  static let coarse = 10 * VirtualPrices().handOver

  struct Cell {
    let width: Int
    /// Nanoseconds of the settled run.
    let time: Double
    let isShared: Bool
    /// The larger of work / width and span.
    let bound: Double
    /// The better one of a run alone and the central scheduler.
    let reference: Double
    /// What the ratio would be if nothing cost anything but the units: what the order of work alone is responsible for.
    /// Only for coarse units that miss ``coarseGoal``.
    let ratioOfOrder: Double?

    var ratio: Double { time / reference }
  }

  /// What a run of coarse units may take of the better reference, and one of finer units of a run alone.
  static let coarseGoal = 1.15
  static let fineGoal = 1.05

  let name: String
  let origin: ScalingCase.Origin
  let unitCount: Int
  let meanCost: Double
  let work: Double
  let span: Double
  let timeAlone: Double
  let cells: [Cell]

  init(_ scalingCase: ScalingCase) {
    let graph = scalingCase.graph
    name = scalingCase.name
    origin = scalingCase.origin
    unitCount = graph.unitCount
    meanCost = graph.work / Double(max(graph.unitCount, 1))
    (work, span) = (graph.work, graph.span)
    timeAlone = VirtualExecutor(width: 1).timeAlone(graph)
    let isCoarse = meanCost >= Self.coarse
    cells = Self.widths.map { width in
      var executor = VirtualExecutor(width: width)
      let run = executor.settledRun(of: graph)
      let reference = ListScheduling.bestTime(of: graph, width: width)
      let isMissed = isCoarse && run.time > Self.coarseGoal * reference
      return Cell(
        width: width, time: run.time, isShared: run.isShared, bound: graph.bound(width: width), reference: reference,
        ratioOfOrder: isMissed ? Self.ratioOfOrder(graph, width) : nil)
    }
  }

  private static func ratioOfOrder(_ graph: VirtualGraph, _ width: Int) -> Double {
    var executor = VirtualExecutor(width: width, prices: .free)
    return executor.settledRun(of: graph).time / ListScheduling.bestTime(of: graph, width: width, prices: .free)
  }

  var isCoarse: Bool { meanCost >= Self.coarse }

  /// The largest ratio of a settled run to the better reference.
  var worst: Double { cells.map(\.ratio).max()! }

  /// The largest ratio of a settled run to a run alone.
  var worstOverAlone: Double { cells.map { $0.time / timeAlone }.max()! }
}
