import Adjoint
import ArgumentParser
import DependencyScheduling
import Foundation
import Shared

/// Trains a Neural Turing Machine to copy what it hears, and draws where its heads went.
@main
struct NeuralTuringMachine: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains a Neural Turing Machine (Graves, Wayne, Danihelka 2014) to copy sequences of bits.",
    discussion: """
      It hears 1 to 20 vectors of eight bits and says them again, until fewer than 0.1 bits of a sequence are wrong; then \
      it copies sequences twice as long. Exits with 1 if it has not learnt that in --steps steps. With --quick, up to 3 \
      vectors and 150 steps, and exits with 1 if the loss has not fallen.
      """)

  @Flag(help: "Only show that it learns: short sequences, few steps.")
  var quick = false
  @Option(help: "The most steps to train.")
  var steps = 3000
  @Option(help: "The controller: \(Controller.allCases.map(\.rawValue).joined(separator: " or ")).")
  var controller = Controller.lstm
  @Option(help: "Sequences in a batch.")
  var batch = 16
  @Option(help: "The learning rate.")
  var rate = 0.005
  @Option(help: "The seed of weights and sequences.")
  var seed: UInt64 = 1
  @Option(help: "Workers of a run; by default what the process may use.")
  var width = GraphExecutor.shared.width
  @Option(help: "The file to draw to.")
  var picture = "addressing.svg"

  /// Wrong bits a sequence, below which the task is learnt.
  private static let goal = 0.1
  /// The loss, in nats a bit, above which training goes on: a machine that is right but unsure fails on longer
  /// sequences.
  private static let certainty = 0.01
  /// Steps between reports.
  private static let stride = 50

  func validate() throws {
    guard steps >= Self.stride else { throw ValidationError("--steps is at least \(Self.stride), got \(steps)") }
    guard batch >= 1 else { throw ValidationError("--batch is at least 1, got \(batch)") }
    guard rate > 0, rate.isFinite else { throw ValidationError("--rate is above 0, got \(rate)") }
    do { _ = try GraphExecutor(width: width) } catch { throw ValidationError("--width: \(error)") }
  }

  func run() throws {
    var size = TuringMachine.Size()
    size.batch = batch
    size.controller = controller
    var training = try CopyTraining(size, seed: seed, on: GraphExecutor(width: width))
    print(
      "memory of \(size.rows) x \(size.width), controller \(controller.rawValue) of \(size.units) units, batches of "
        + "\(batch) sequences; \(width) worker\(width == 1 ? "" : "s")")
    if quick {
      let (losses, isLearnt) = try train(&training, lengths: 1...3, steps: 150)
      guard isLearnt || losses[losses.count - 1] < 0.9 * losses[0] else { throw ExitCode.failure }
      return
    }
    let isLearnt = try train(&training, lengths: 1...20, steps: steps).isLearnt
    let wrong = try training.wrongBits(lengths: 1...20, batches: 4, seed: ~seed)
    print("new sequences of 1 to 20 vectors: \(wrong.fixed(3)) wrong bits a sequence")
    let wrongInLonger = try training.wrongBits(lengths: [40], batches: 4, seed: ~seed)
    print("new sequences of 40 vectors: \(wrongInLonger.fixed(3)) wrong bits a sequence")
    print("\(training.steps.madeCount) programs compiled, the last \(training.steps.keys.count) of them kept")
    try training.recording(length: 40, seed: ~seed).picture.write(toFile: picture, atomically: true, encoding: .utf8)
    print("where the heads went: \(picture)")
    if !isLearnt || wrong >= Self.goal { throw ExitCode.failure }
  }

  /// Trains until sequences it was not trained with are copied well enough, or `steps` are taken.
  ///
  /// - Returns: the mean loss between reports, and whether the goal was reached.
  private func train(
    _ training: inout CopyTraining, lengths: ClosedRange<Int>, steps: Int
  ) throws -> (losses: [Double], isLearnt: Bool) {
    let start = ContinuousClock.now
    var losses: [Double] = []
    for step in Swift.stride(from: Self.stride, through: steps, by: Self.stride) {
      var sum = 0.0
      for _ in 0..<Self.stride { sum += try training.step(lengths: lengths, rate: rate) }
      losses.append(sum / Double(Self.stride))
      let wrong = try training.wrongBits(lengths: lengths, batches: 1, seed: ~seed &+ 1)
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      print(
        "step \(step): loss \(losses[losses.count - 1].fixed(4)) nats a bit, \(wrong.fixed(2)) wrong bits a "
          + "sequence; \(seconds.fixed(0)) s")
      if wrong < Self.goal, losses[losses.count - 1] < Self.certainty { return (losses, true) }
    }
    return (losses, false)
  }
}
