import Adjoint
import AdjointTraining
import ArgumentParser
import DependencyScheduling
import Shared

/// Checks AlexNet's gradients against a float64 reference, makes it learn eight images by heart, and says what it
/// takes.
@main
struct AlexNet: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs and trains AlexNet, 61 million parameters, on images of 224 x 224.",
    discussion: """
      Exits with 1 if the loss or a gradient is not the reference's, if checkpointing changes a bit of them, or if eight \
      synthetic images (stripes at eight angles) are not learnt: a loss below 0.01 and all recognised. With --quick, \
      fewer steps, after which the loss has to be less than half of what it was.
      """)

  @Flag(help: "Only show that it learns: fewer steps.")
  var quick = false
  @Option(help: "The most steps to learn the eight images in.")
  var steps = 100
  @Option(help: "The learning rate.")
  var rate = 0.003
  @Option(help: "Images in a batch where speed and memory are measured.")
  var batch = 64
  @Option(help: "The seed of weights and images.")
  var seed: UInt64 = 1
  @Option(help: "Workers of a run; by default what the process may use.")
  var width = GraphExecutor.shared.width
  @Option(help: "A file of the form of the committed reference; by default that one.")
  var reference: String?

  /// The largest relative difference to the reference: a rounding of float32 is 6e-8, and sums of many stay within some
  /// tens of it; a rectifier or a maximum that falls to the other side moves them a little more.
  private static let tolerance = 1e-5
  /// The loss below which the images are known by heart.
  private static let goal = 0.01

  func validate() throws {
    guard steps >= 1 else { throw ValidationError("--steps is at least 1, got \(steps)") }
    guard rate > 0, rate.isFinite else { throw ValidationError("--rate is above 0, got \(rate)") }
    guard batch >= 1 else { throw ValidationError("--batch is at least 1, got \(batch)") }
    do { _ = try GraphExecutor(width: width) } catch { throw ValidationError("--width: \(error)") }
  }

  func run() throws {
    let executor = try GraphExecutor(width: width)
    print("\(width) worker\(width == 1 ? "" : "s")")
    let isRight = try checkGradients(on: executor)
    let store = ParameterStore()
    let hasLearnt = try overfit(store, on: executor)
    try measure(store, on: executor)
    if !isRight || !hasLearnt { throw ExitCode.failure }
  }

  /// Compares loss and gradients with the reference, with and without checkpointing.
  private func checkGradients(on executor: GraphExecutor) throws -> Bool {
    let reference = try Reference.load(reference)
    let store = ParameterStore()
    let result = try Reference.run(on: executor, store: store, options: Program.Options())
    let differences = reference.differences(to: result)
    print("\ngradients on a batch of \(Reference.batch), against float64:")
    print("  loss \(result.loss), the reference \(reference.loss)")
    let worst = differences.max { $0.difference < $1.difference }!
    print("  largest relative difference of \(differences.count) sums: \(worst.difference), of \(worst.name)")
    let again = try Reference.run(
      on: executor, store: store, options: Program.Options(checkpointing: Tower.blocks))
    print("  the same bits with checkpointing: \(again == result ? "yes" : "no")")
    return differences.allSatisfy { $0.difference < Self.tolerance } && again == result
  }

  /// Trains on the same eight images until they are known by heart.
  private func overfit(_ store: ParameterStore, on executor: GraphExecutor) throws -> Bool {
    var training = try Training(
      images: Stripes.angleCount, rate: .constant(rate).warmedUp(over: 5), seed: seed, store: store, on: executor)
    let most = quick ? 12 : steps
    print("\nlearning \(Stripes.angleCount) synthetic images by heart:")
    var losses: [Double] = []
    repeat {
      losses.append(try training.step())
      if losses.count % 5 == 1 { print("  step \(losses.count): loss \(losses[losses.count - 1].fixed(4))") }
    } while losses.count < most && losses[losses.count - 1] >= Self.goal && losses[losses.count - 1].isFinite
    let last = losses[losses.count - 1], recognised = try training.countRecognised()
    print("  after \(losses.count) steps: loss \(last.fixed(4)), \(recognised) of \(Stripes.angleCount) recognised")
    return quick ? last < losses[0] / 2 : last < Self.goal && recognised == Stripes.angleCount
  }

  /// Prints speed and memory of training steps, with and without checkpointing.
  private func measure(_ store: ParameterStore, on executor: GraphExecutor) throws {
    let batch = quick ? min(batch, 8) : batch
    print("\ntraining on batches of \(batch), parameters and velocities being \(size(parameterBytes(store))), twice:")
    for (name, scopes) in [("without checkpointing", []), ("with checkpointing", Tower.blocks)] {
      ResidentMemory.resetPeak()
      var training = try Training(
        images: batch, rate: .constant(rate), seed: seed, store: store,
        options: Program.Options(checkpointing: scopes), on: executor)
      for _ in 0..<(quick ? 2 : 6) { _ = try training.step() }
      let session = training.trainer.session
      print(
        "  \(name): \(training.imagesPerSecond.fixed(1)) images/s; memory of the session "
          + "\(size(session.program.sessionBytes)) planned, \(size(session.memory.peak)) at the peak; "
          + "of the process \(ResidentMemory.peak.map(size) ?? "unknown") at the peak")
    }
  }

  /// Of what the store holds; steps write the next values beside the present ones.
  private func parameterBytes(_ store: ParameterStore) -> Int {
    store.names.compactMap(store.signature).reduce(0) { $0 + $1.shape.elementCount * 4 }
  }

  private func size(_ bytes: Int) -> String { "\((Double(bytes) / 0x1p20).fixed(0)) MiB" }
}
