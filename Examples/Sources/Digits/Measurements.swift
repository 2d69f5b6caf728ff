import Adjoint
import AdjointTraining
import DependencyScheduling
import DigitNetworks

extension Network {
  /// Whether training with all of `data` as one batch gives the same bits of every gradient, step after step, at each
  /// of `widths`.
  static func gradientsAgree(
    of architecture: Architecture, atWidths widths: [Int], steps: Int, on data: DigitImages, seed: UInt64
  ) throws -> Bool {
    let runs = try widths.map { width in
      let network = Network(architecture, rows: data.count, seed: seed)
      let trainer = try network.trainer(
        rowCount: data.count, seed: seed, rate: .constant(0.01), keepsGradients: true, on: GraphExecutor(width: width))
      return (network: network, parameters: network.graph.parameters, trainer: trainer)
    }
    for _ in 0..<steps {
      var seen: Set<[UInt32]> = []
      for index in runs.indices {
        let network = runs[index].network
        try runs[index].trainer.takeStep { try network.feed(data, $1, to: $0) }
        let trainer = runs[index].trainer
        seen.insert(
          try runs[index].parameters.compactMap { trainer.gradients[$0] }
            .flatMap { try trainer.session.read($0, as: Float.self).map(\.bitPattern) })
      }
      if seen.count > 1 { return false }
    }
    return true
  }

  /// Training steps a second at each of `widths`: the median of `rounds`, which alternate between the widths so that
  /// whatever else the machine does meets all of them.
  static func stepsPerSecond(
    of architecture: Architecture, atWidths widths: [Int], rows: Int, rounds: Int, on data: DigitImages, seed: UInt64
  ) throws -> [Double] {
    let networks = widths.map { _ in Network(architecture, rows: rows, seed: seed) }
    let trainers = try zip(networks, widths).map { network, width in
      try network.trainer(rowCount: data.count, seed: seed, rate: .constant(0.01), on: GraphExecutor(width: width))
    }
    let stepsARound = architecture == .dense ? 200 : 10
    var speeds = widths.map { _ in [Double]() }
    for round in 0...rounds {
      for index in trainers.indices {
        let time = try ContinuousClock().measure {
          for _ in 0..<stepsARound { try trainers[index].takeStep { try networks[index].feed(data, $1, to: $0) } }
        }
        if round > 0 { speeds[index].append(Double(stepsARound) / (time / .seconds(1))) }  // round 0 warms up
      }
    }
    return speeds.map { $0.sorted()[$0.count / 2] }
  }
}
