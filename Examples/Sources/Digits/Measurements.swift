import DependencyScheduling

extension Trainer {
  /// Whether training with all of `data` as one batch gives the same bits of every gradient, step after step, at each
  /// of `widths`.
  static func gradientsAgree(atWidths widths: [Int], steps: Int, on data: DigitImages, seed: UInt64) throws -> Bool {
    var trainers = try widths.map { width in
      try Trainer(rows: data.count, seed: seed, rate: 0.05, on: GraphExecutor(width: width))
    }
    for _ in 0..<steps {
      var seen: Set<[UInt32]> = []
      for index in trainers.indices {
        _ = try trainers[index].step(data, 0..<data.count)
        seen.insert(try trainers[index].gradientBits())
      }
      if seen.count > 1 { return false }
    }
    return true
  }

  /// Training steps a second at each of `widths`: the median of `rounds`, which alternate between the widths so that
  /// whatever else the machine does meets all of them.
  static func stepsPerSecond(
    atWidths widths: [Int], rows: Int, rounds: Int, on data: DigitImages, seed: UInt64
  ) throws -> [Double] {
    var trainers = try widths.map { width in
      try Trainer(rows: rows, seed: seed, rate: 0.01, on: GraphExecutor(width: width))
    }
    let stepsARound = 200
    var speeds = widths.map { _ in [Double]() }
    for round in 0...rounds {
      for index in trainers.indices {
        let time = try ContinuousClock().measure {
          for _ in 0..<stepsARound { _ = try trainers[index].step(data, 0..<rows) }
        }
        if round > 0 { speeds[index].append(Double(stepsARound) / (time / .seconds(1))) }  // round 0 warms up
      }
    }
    return speeds.map { $0.sorted()[$0.count / 2] }
  }
}
