import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Group and batch normalisation, and dropout, which are other things in training and in evaluation.
@Suite(.timeLimit(.minutes(20))) struct NormalizationLayerTests {
  @Test(arguments: [1, 2, 6], [[2, 6, 3, 2], [3, 6], [2, 6, 5]] as [Shape])
  func `a group normalisation is that of its groups`(groups: Int, shape: Shape) throws {
    if shape.rank == 2 && groups == 6 { return }  // groups of one number are 0
    let graph = Graph()
    let x = graph.input("x", shape, .float64)
    let y = groupNorm(x, "norm", groups: groups, epsilon: 1e-3)
    #expect(graph.parameters.map(\.name) == ["norm/gain", "norm/bias"])
    var given = spreadParameters(of: graph)
    given[x] = wave(shape)
    let (gain, bias) = (given[graph.parameters[0]]!.values, given[graph.parameters[1]]!.values)
    let numbers = given[x]!.values, size = shape.elementCount / shape[0] / groups
    let perChannel = shape.elementCount / shape[0] / 6
    var wanted: [Double] = []
    for start in stride(from: 0, to: numbers.count, by: size) {
      let group = numbers[start..<start + size]
      let mean = group.reduce(0, +) / Double(size)
      let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
      wanted += group.indices.map { place in
        let channel = place / perChannel % 6
        return (numbers[place] - mean) / (variance + 1e-3).squareRoot() * gain[channel] + bias[channel]
      }
    }
    expectEqual(try values(of: [y], at: given)[0], wanted, within: 1e-13)
    try checkGradients(y, withRespectTo: graph.parameters + [x], at: given)
  }

  @Test func `groups that channels are not divisible into are an error of the caller's line`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 6, 3])
    expectRefusal(groupNorm(x, "four", groups: 4), "axis 1 of shape [2, 6, 3] are not divisible into 4 groups")
    expectRefusal(groupNorm(x, "none", groups: 0), "into 0 groups")
    expectRefusal(groupNorm(graph.input("flat", [6]), "flat", groups: 1), "of shape [6]")
    expectRefusal(groupNorm(x, "epsilon", groups: 2, epsilon: 0), "is above 0")
  }

  @Test func `a batch normalisation normalises the batch in training, and by what it has seen in evaluation`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3, 2], .float64)
    let norm = BatchNorm(in: graph, "norm", channels: 3, momentum: 0.25, epsilon: 1e-3, .float64)
    #expect(
      graph.parameters.map(\.name) == ["norm/gain", "norm/bias"]
        && graph.states.map(\.name) == ["norm/mean", "norm/variance"])
    let (y, updates) = norm(x)
    let evaluated = norm.evaluated(x)
    let session = try Program([y, evaluated], updating: updates).makeSession()
    let numbers = wave([4, 3, 2]).values
    let (gain, bias) = ([1.5, -2, 0.5], [0.1, 0.2, 0.3])
    try session.write(numbers, to: x)
    try session.write(gain, to: norm.gain)
    try session.write(bias, to: norm.bias)
    var (mean, variance) = ([0.0, 0, 0], [1.0, 1, 1])
    for _ in 0..<2 {
      try session.step()
      var (batch, seen) = ([Double](repeating: 0, count: 24), [Double](repeating: 0, count: 24))
      for channel in 0..<3 {
        let places = (0..<24).filter { $0 / 2 % 3 == channel }
        let average = places.reduce(0) { $0 + numbers[$1] } / 8
        let square = places.reduce(0) { $0 + (numbers[$1] - average) * (numbers[$1] - average) } / 8
        for place in places {
          batch[place] = (numbers[place] - average) / (square + 1e-3).squareRoot() * gain[channel] + bias[channel]
          seen[place] =
            (numbers[place] - mean[channel]) / (variance[channel] + 1e-3).squareRoot() * gain[channel] + bias[channel]
        }
        mean[channel] = 0.75 * mean[channel] + 0.25 * average
        variance[channel] = 0.75 * variance[channel] + 0.25 * square * 8 / 7
      }
      expectEqual(try session.read(y, as: Double.self), batch, within: 1e-13)
      expectEqual(try session.read(evaluated, as: Double.self), seen, within: 1e-13)
      expectEqual(try session.read(norm.statistics.mean, as: Double.self), mean, within: 1e-14)
      expectEqual(try session.read(norm.statistics.variance, as: Double.self), variance, within: 1e-14)
    }
    var given = spreadParameters(of: graph)
    given[norm.statistics.variance] = ReferenceTensor([3], .float64, [0.5, 1, 2])
    given[x] = wave([4, 3, 2])
    try checkGradients(y, withRespectTo: [norm.gain, norm.bias, x], at: given)
    try checkGradients(evaluated, withRespectTo: [norm.gain, norm.bias, x], at: given)
  }

  @Test func `a trainer moves running statistics on, and does not train them`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 2])
    let norm = BatchNorm(in: graph, "norm", channels: 2)
    let dropping = DropoutLayer(in: graph, "dropout", seed: 3)
    let (y, updates) = norm(dropping(dense(x, "in", to: 2), rate: 0.25))
    let trainer = try Trainer(
      square(y - 1).sum(), optimizer: Adagrad(), rate: .constant(0.1),
      batches: Batches(rowCount: 4, batchSize: 4, seed: 0), alsoUpdating: updates + dropping.updates)
    #expect(Set(trainer.gradients.keys.map(\.name)) == ["in/weights", "in/bias", "norm/gain", "norm/bias"])
    for _ in 0..<3 { try trainer.takeStep { session, _ in try session.write([1, 2, 3, 4, 5, 6, 7, 9], to: x) } }
    #expect(try trainer.session.read(#require(dropping.step), as: Int32.self) == [3])
    #expect(try trainer.session.read(norm.statistics.mean, as: Float.self) != [0, 0])
  }

  @Test func `dropout drops others in each step, and nothing in evaluation`() throws {
    let graph = Graph()
    let x = graph.input("x", [1000])
    let dropping = DropoutLayer(in: graph, "dropout", seed: 3)
    let y = dropping(x, rate: 0.25), z = dropping(x, rate: 0.25)
    let session = try Program([y, z], updating: dropping.updates).makeSession()
    try session.write([Float](repeating: 3, count: 1000), to: x)
    var seen: [[Float]] = []
    for _ in 0..<3 {
      try session.step()
      seen += [try session.read(y, as: Float.self), try session.read(z, as: Float.self)]
    }
    for values in seen {
      #expect(values.allSatisfy { $0 == 0 || $0 == 4 })
      #expect(abs(values.count { $0 == 0 } - 250) < 70)  // five standard deviations of 13.7
    }
    #expect(Set(seen).count == 6, "two dropouts in three steps")
    let evaluation = Graph()
    let same = evaluation.input("x", [1000])
    let layer = DropoutLayer(in: evaluation, "dropout", seed: 3, isTraining: false)
    #expect(layer(same, rate: 0.25) == same)
    #expect(evaluation.parameters.isEmpty && layer.updates.isEmpty && layer.step == nil)
    expectRefusal(dropping(x, rate: 1), "a dropout rate is at least 0 and below 1, got 1.0")
    expectRefusal(layer(same, rate: .nan), "a dropout rate is at least 0 and below 1, got nan")
  }
}
