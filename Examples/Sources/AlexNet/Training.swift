import Adjoint
import AdjointTraining
import DependencyScheduling
import Shared

/// The tower in training on one batch of stripes: forward, backward and momentum's update as one schedule a step.
struct Training {
  let tower: Tower
  let stripes: Stripes
  let trainer: Trainer
  /// Of every step, in seconds.
  private(set) var times: [Double] = []

  /// Weights and what momentum remembers of them are those of `store`, if it has them.
  init(
    images: Int, rate: LearningRate, seed: UInt64, store: ParameterStore = ParameterStore(),
    options: Program.Options = Program.Options(), on executor: GraphExecutor
  ) throws {
    tower = Tower(batch: images) {
      $0 == 8 ? .normal(deviation: 0.01, seed: seed &+ 8) : .heNormal(seed: seed &+ UInt64($0))
    }
    stripes = Stripes(count: images, seed: seed)
    trainer = try Trainer(
      tower.loss, optimizer: GradientDescent(momentum: 0.9), rate: rate,
      batches: Batches(rowCount: images, batchSize: images, seed: seed, isShuffled: false),
      alsoComputing: [tower.logits], options: options, on: executor, store: store)
    try stripes.feed(trainer.session, of: tower)
  }

  /// One step; returns the loss before it.
  mutating func step() throws -> Double {
    let clock = ContinuousClock()
    let start = clock.now
    let loss = try trainer.takeStep { _, _ in }
    times.append((clock.now - start) / .seconds(1))
    return loss
  }

  /// How many of the images have their label's logit as the largest, with the parameters as they are.
  func countRecognised() throws -> Int {
    try trainer.session.forward()
    let logits = try trainer.session.read(tower.logits, as: Float.self)
    return stripes.labels.enumerated().count { row, label in
      logits[row * Tower.classCount..<(row + 1) * Tower.classCount].placeOfGreatest == Int(label)
    }
  }

  /// By the median of the steps but the first, which makes the buffers.
  var imagesPerSecond: Double {
    let steady = times.dropFirst().sorted()
    return Double(stripes.labels.count) / (steady.isEmpty ? times[0] : steady[steady.count / 2])
  }
}
