import Foundation

extension ScalingRow {
  /// Writes the page and the picture into `folder`, and prints the page.
  static func write(
    training trainingCases: [ScalingCase], to folder: String
  ) throws {
    let training = trainingCases.map(ScalingRow.init)
    let scheduling = ScalingCase.scheduling.map(ScalingRow.init)
    let shapes = ScalingCase.shapes.map(ScalingRow.init)
    let heldOut = ScalingCase.heldOut.map(ScalingRow.init)
    let rows = training + scheduling + shapes + heldOut
    let cases = trainingCases + ScalingCase.scheduling + ScalingCase.shapes + ScalingCase.heldOut
    let report = ScalingReport(rows: rows, ablations: ScalingAblation.all(cases, rows))
    let random = shapes.filter { $0.name.hasPrefix("random") }
    let chart = ScalingChart(panels: [
      ScalingChart.Panel(title: "Training steps", rows: training),
      ScalingChart.Panel(title: "Scheduling workloads", rows: scheduling),
      ScalingChart.Panel(title: "Fork-join and chains", rows: shapes.filter { !$0.name.hasPrefix("random") }),
      ScalingChart.Panel(title: "Random graphs", rows: random.filter { !$0.name.contains("narrow") }),
      ScalingChart.Panel(title: "Narrow random graphs", rows: random.filter { $0.name.contains("narrow") }),
      ScalingChart.Panel(title: "Held out, coarse", rows: heldOut.filter { $0.isCoarse && $0.name.contains("30 µs") }),
    ])
    let folder = URL(fileURLWithPath: folder, isDirectory: true)
    try report.markdown.write(to: folder.appending(path: "scaling.md"), atomically: true, encoding: .utf8)
    try chart.svg.write(to: folder.appending(path: "scaling.svg"), atomically: true, encoding: .utf8)
    print(report.markdown, terminator: "")
  }
}
