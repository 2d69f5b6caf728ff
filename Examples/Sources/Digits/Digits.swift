import Adjoint
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

  func validate() throws {
    guard epochs >= 1 else { throw ValidationError("--epochs is at least 1, got \(epochs)") }
    guard width >= 1 else { throw ValidationError("--width is at least 1, got \(width)") }
    guard (1...1437).contains(batch) else { throw ValidationError("--batch is from 1 to 1437, got \(batch)") }
  }

  func run() throws {
    let (training, test) = try DigitImages.load()
    print("\(training.count) images to train on, \(test.count) to test with; \(width) worker\(width == 1 ? "" : "s")")

    var trainer = try Trainer(rows: batch, seed: seed, rate: 0.05, on: GraphExecutor(width: width))
    try train(&trainer, on: training)
    let accuracy = try Network.accuracy(on: test, with: trainer.session.parameters, seed: seed)
    let memory = trainer.session.memory
    print("test accuracy: \(format(accuracy * 100, 2)) %")
    print("gradient memory at its peak: \(memory.peak / 1024) KiB (\(memory.active / 1024) KiB active)")

    let widths = width == 1 ? [1] : [1, width]
    let speeds = try Trainer.stepsPerSecond(atWidths: widths, rows: batch, rounds: 7, on: training, seed: seed)
    for (width, speed) in zip(widths, speeds) { print("steps per second at width \(width): \(format(speed, 0))") }

    let agree = try Trainer.gradientsAgree(atWidths: [1, 2, 4], steps: 10, on: training, seed: seed)
    print("gradients identical at widths 1, 2, 4: \(agree ? "yes" : "no")")
    if accuracy < 0.97 || !agree { throw ExitCode.failure }
  }

  /// Every epoch goes through the images in a new order, in whole batches; the rate falls linearly to a tenth.
  private func train(_ trainer: inout Trainer, on data: DigitImages) throws {
    let progress = Progress(total: epochs)
    let firstRate = trainer.rate
    var generator = SeededGenerator(seed: seed)
    for epoch in 1...epochs {
      trainer.rate = firstRate * (1 - 0.9 * Float(epoch - 1) / Float(epochs))
      let order = generator.permutation(of: data.count)
      let batches = data.count / batch
      var loss = 0.0
      for start in stride(from: 0, to: batches * batch, by: batch) {
        loss += try trainer.step(data, order[start..<start + batch])
      }
      progress.show(epoch, loss: loss / Double(batches))
    }
  }

  private func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
