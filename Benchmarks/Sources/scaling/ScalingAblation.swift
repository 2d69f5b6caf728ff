import VirtualExecution

/// What becomes of coarse units if a rule is left out.
struct ScalingAblation {
  let name: String
  let worst: Double
  let worstCase: String

  /// - Parameter rows: All cases with all rules, whose references are taken from there.
  init(_ name: String, without rules: VirtualRules, _ cases: [ScalingCase], _ rows: [ScalingRow]) {
    self.name = name
    var worst = (ratio: 1.0, name: "none")
    for (scalingCase, row) in zip(cases, rows) where row.isCoarse {
      let graph = scalingCase.graph
      for cell in row.cells {
        var executor = VirtualExecutor(width: cell.width, rules: rules)
        let ratio = executor.settledRun(of: graph).time / cell.reference
        if ratio > worst.ratio { worst = (ratio, "\(row.name), \(cell.width) workers") }
      }
    }
    (self.worst, worstCase) = (worst.ratio, worst.name)
  }

  static func all(_ cases: [ScalingCase], _ rows: [ScalingRow]) -> [ScalingAblation] {
    let rules: [(String, WritableKeyPath<VirtualRules, Bool>)] = [
      ("several wake-ups at once", \.wakesSeveral), ("thieves take the longest", \.thievesTakeLongest),
      ("roots come last", \.rootsComeLast), ("a limit of workers", \.limitsWorkers),
      ("a caller that stays awake", \.callerStaysAwake),
    ]
    let single = rules.map { name, rule in
      var left = VirtualRules()
      left[keyPath: rule] = false
      return ScalingAblation(name, without: left, cases, rows)
    }
    return [ScalingAblation("nothing", without: VirtualRules(), cases, rows)] + single + [
      ScalingAblation("all of them", without: .none, cases, rows)
    ]
  }
}
