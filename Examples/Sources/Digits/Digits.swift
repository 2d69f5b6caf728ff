import Adjoint
import AdjointTraining
import ArgumentParser
import DependencyScheduling
import Foundation

/// Trains a 64-128-64-10 network on the UCI optical digits, and says what it measured.
@main
struct Digits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a network to read handwritten digits.",
    discussion:
      "Exits with 1 if it reads fewer than 97 % of the test images right, or if gradients depend on the width.")

  @Option(help: "Passes over the training images.")
  var epochs = 40
  @Option(help: "Workers of a run; by default what the process may use.")
  var width = GraphExecutor.shared.width
  @Option(help: "The seed of weights and batches.")
  var seed: UInt64 = 1
  @Option(help: "Images in a batch.")
  var batch = 32
  @Option(help: "A file to go on from, if it is there, and to save the training to.")
  var state: String?

  func validate() throws {
    guard epochs >= 1 else { throw ValidationError("--epochs is at least 1, got \(epochs)") }
    guard width >= 1 else { throw ValidationError("--width is at least 1, got \(width)") }
    guard (1...1437).contains(batch) else { throw ValidationError("--batch is from 1 to 1437, got \(batch)") }
  }

  func run() throws {
    let (training, test) = try DigitImages.load()
    print("\(training.count) images to train on, \(test.count) to test with; \(width) worker\(width == 1 ? "" : "s")")

    let trainer = try train(on: training)
    let accuracy = try Network.accuracy(on: test, with: trainer.session.parameters, seed: seed)
    let memory = trainer.session.memory
    print("test accuracy: \(format(accuracy * 100, 2)) %")
    print("gradient memory at its peak: \(memory.peak / 1024) KiB (\(memory.active / 1024) KiB active)")

    let widths = width == 1 ? [1] : [1, width]
    let speeds = try Network.stepsPerSecond(atWidths: widths, rows: batch, rounds: 7, on: training, seed: seed)
    for (width, speed) in zip(widths, speeds) { print("steps per second at width \(width): \(format(speed, 0))") }

    let agree = try Network.gradientsAgree(atWidths: [1, 2, 4], steps: 10, on: training, seed: seed)
    print("gradients identical at widths 1, 2, 4: \(agree ? "yes" : "no")")
    if accuracy < 0.97 || !agree { throw ExitCode.failure }
  }

  /// Every epoch goes through the images in a new order, in whole batches; the rate falls linearly to a tenth.
  private func train(on data: DigitImages) throws -> Trainer {
    let network = Network(rows: batch, seed: seed)
    let steps = epochs * (data.count / batch)
    var trainer = try network.trainer(
      rowCount: data.count, seed: seed, rate: .linear(from: 0.05, to: 0.005, over: steps),
      on: GraphExecutor(width: width))
    if let state, FileManager.default.fileExists(atPath: state) {
      try trainer.resume(from: state)
      print("going on after step \(trainer.step)")
    }
    try trainer.train(until: steps) { try network.feed(data, $1, to: $0) }
    if let state { try trainer.save(to: state) }
    return trainer
  }

  private func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
