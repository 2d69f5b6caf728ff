public import Adjoint
import AdjointTraining
import DependencyScheduling
public import DigitNetworks

/// All that decides the bits of every version: the weights to begin with, and how they are trained on.
public struct TrainingRecipe: Sendable {
  /// The file that `Digits --state` has written, with the architecture's name at its end.
  public var weights: String
  public var architecture: Architecture
  /// Of the order of the training images.
  public var seed: UInt64
  public var batchSize: Int
  public var rate: Double

  public init(
    weights: String, architecture: Architecture = .dense, seed: UInt64 = 1, batchSize: Int = 32, rate: Double = 0.001
  ) {
    self.weights = weights
    self.architecture = architecture
    self.seed = seed
    self.batchSize = batchSize
    self.rate = rate
  }

  /// A new store with the weights of the file: version 0.
  ///
  /// - Throws: `StateFileError` for a file that is not there, is damaged or holds another network.
  public func makeStore() throws -> ParameterStore {
    // The program of the logits alone: all of its parameters are in the file, and what the optimizer remembers is not
    // needed.
    let network = Network(architecture, rows: 1, seed: seed)
    return try ParameterStore(
      loading: weights, for: Program(network.logits), LoadingOptions(ignoresOthers: true))
  }
}

/// A trainer that goes on from version 0 of a recipe, and the images that it learns from.
struct VersionTrainer {
  private let trainer: Trainer
  private let served: ServedNetwork
  private let images: DigitImages

  /// The version that was published last.
  var version: Int { trainer.step }

  init(_ recipe: TrainingRecipe, store: ParameterStore, on executor: any ScheduleExecutor) throws {
    images = try DigitImages.load().training
    served = ServedNetwork(recipe.architecture, rows: recipe.batchSize, seed: recipe.seed)
    trainer = try Trainer(
      served.network.loss, optimizer: recipe.architecture.optimizer, rate: .constant(recipe.rate),
      batches: Batches(rowCount: images.count, batchSize: recipe.batchSize, seed: recipe.seed),
      // A version with a NaN in it would be served: such a step is not taken.
      refusesNonFinite: true,
      alsoUpdating: [ParameterUpdate(served.version, to: served.version + 1)], on: executor, store: store)
  }

  /// Publishes the next version; returns the loss before it.
  nonisolated(nonsending) func publishNext() async throws -> Double {
    let network = served.network
    let images = images
    return try await trainer.takeStep { session, rows in try network.feed(images, rows, to: session) }
  }

  /// The same on the calling thread.
  @available(*, noasync)
  func publishNext() throws -> Double {
    let network = served.network
    let images = images
    return try trainer.takeStep { session, rows in try network.feed(images, rows, to: session) }
  }
}
