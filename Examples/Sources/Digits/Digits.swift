import Adjoint
import AdjointTraining
import ArgumentParser
import DependencyScheduling
import DigitNetworks
import Foundation
import Shared

/// Trains a dense network and then a convolutional one on the UCI optical digits, and says what it measured.
@main
struct Digits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains two networks to read handwritten digits: a dense one, then a convolutional one.",
    discussion: """
      Exits with 1 if the dense network reads fewer than 97 % of the test images right, or the convolutional one fewer \
      than 98.5 %, or if gradients depend on the width.
      """)

  @Option(help: "Passes of the dense network over the training images.")
  var epochs = 40
  @Option(help: "Passes of the convolutional network over the training images and eight shifts of each.")
  var shiftedEpochs = 5
  @Option(help: "Workers of a run; by default what the process may use.")
  var width = GraphExecutor.shared.width
  @Option(help: "The seed of weights and batches.")
  var seed: UInt64 = 1
  @Option(help: "Images in a batch.")
  var batch = 32
  @Option(
    help: "A file for each network to go on from, if it is there, and to save the training to: this name, and its own.")
  var state: String?

  func validate() throws {
    guard epochs >= 1 else { throw ValidationError("--epochs is at least 1, got \(epochs)") }
    guard shiftedEpochs >= 1 else { throw ValidationError("--shifted-epochs is at least 1, got \(shiftedEpochs)") }
    do { _ = try GraphExecutor(width: width) } catch { throw ValidationError("--width: \(error)") }
    guard (1...1437).contains(batch) else { throw ValidationError("--batch is from 1 to 1437, got \(batch)") }
  }

  func run() throws {
    let (training, test) = try DigitImages.load()
    print("\(training.count) images to train on, \(test.count) to test with; \(width) worker\(width == 1 ? "" : "s")")

    // The rates that serve: gradient descent with momentum falls linearly to a tenth, Adam by a cosine to 0.
    let isGood = [
      try stage(.dense, epochs, training, test, goal: 0.97) { try .linear(from: 0.05, to: 0.005, over: $0) },
      try stage(.convolutional, shiftedEpochs, training.withShifts(), test, goal: 0.985) {
        try .cosine(from: 0.003, over: $0)
      },
    ]
    let few = training.selecting(0..<256)
    let agree = try Architecture.allCases.allSatisfy {
      try Network.gradientsAgree(of: $0, atWidths: [1, 2, 4], steps: 5, on: few, seed: seed)
    }
    print("gradients identical at widths 1, 2, 4: \(agree ? "yes" : "no")")
    if isGood.contains(false) || !agree { throw ExitCode.failure }
  }

  /// Trains a network, and prints how well it reads and what it takes; returns whether it is as good as it has to be.
  private func stage(
    _ architecture: Architecture, _ epochs: Int, _ training: DigitImages, _ test: DigitImages, goal: Double,
    rate: (_ steps: Int) throws -> LearningRate
  ) throws -> Bool {
    let start = ContinuousClock.now
    let trainer = try train(architecture, epochs, on: training, rate: rate)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let accuracy = try Network.accuracy(of: architecture, on: test, with: trainer.session.parameters, seed: seed)
    let memory = trainer.session.memory
    print(
      "\(architecture.rawValue) network: \(trainer.step) steps on \(training.count) images in \(seconds.fixed(1)) s")
    print("  test accuracy: \((accuracy * 100).fixed(2)) %")
    print("  gradient memory at its peak: \(memory.peak / 1024) KiB (\(memory.active / 1024) KiB active)")

    let widths = width == 1 ? [1] : [1, width]
    let speeds = try Network.stepsPerSecond(
      of: architecture, atWidths: widths, rows: batch, rounds: 7, on: training, seed: seed)
    for (width, speed) in zip(widths, speeds) { print("  steps per second at width \(width): \(speed.fixed(0))") }
    return accuracy >= goal
  }

  /// Every epoch goes through the images in a new order, in whole batches.
  private func train(
    _ architecture: Architecture, _ epochs: Int, on data: DigitImages, rate: (_ steps: Int) throws -> LearningRate
  ) throws -> Trainer {
    let network = Network(architecture, rows: batch, seed: seed)
    let steps = epochs * (data.count / batch)
    let trainer = try network.trainer(
      rowCount: data.count, seed: seed, rate: rate(steps), on: GraphExecutor(width: width))
    let file = state.map { "\($0).\(architecture.rawValue)" }
    if let file, FileManager.default.fileExists(atPath: file) {
      try trainer.resume(from: file)
      print("\(architecture.rawValue) network goes on after step \(trainer.step)")
    }
    try trainer.takeSteps(until: steps, reporting: .terminal) { try network.feed(data, $1, to: $0) }
    if let file { try trainer.save(to: file) }
    return trainer
  }
}
