import Adjoint
import DependencyScheduling
public import DigitNetworks

/// An answer that a client was given.
public struct GivenAnswer: Hashable, Sendable {
  /// The row of the image in what was sent.
  public let image: Int
  public let version: Int
  public let scores: [Float]

  public init(image: Int, version: Int, scores: [Float]) {
    self.image = image
    self.version = version
    self.scores = scores
  }
}

/// Trains again, alone, from the same file with the same seed, and compares answers that were given under load with
/// those of the version that they name: bit for bit, each image by itself.
public struct Replay {
  /// What a comparison has found.
  public struct Outcome: Sendable {
    public let answers: Int
    public let versions: Int
    /// The first answer that is not the one of its version, in words; `nil` if all are.
    public let difference: String?
  }

  private let recipe: TrainingRecipe
  private let images: DigitImages

  /// - Parameters:
  ///   - recipe: that of the server.
  ///   - images: what clients have sent.
  public init(_ recipe: TrainingRecipe, images: DigitImages) {
    self.recipe = recipe
    self.images = images
  }

  /// Takes as many training steps as the newest of the versions has, and compares on the way.
  ///
  /// - Complexity: O(versions · training step + distinct answers · run).
  @available(*, noasync)
  public func compare(_ given: some Sequence<GivenAnswer>) throws -> Outcome {
    var answersOfVersion: [Int: Set<GivenAnswer>] = [:]
    var count = 0
    for answer in given {
      guard (0..<images.count).contains(answer.image), answer.version >= 0 else {
        return Outcome(
          answers: count, versions: 0,
          difference: "image \(answer.image) of version \(answer.version) was never asked for")
      }
      answersOfVersion[answer.version, default: []].insert(answer)
      count += 1
    }
    let difference = try firstDifference(answersOfVersion)
    return Outcome(answers: count, versions: answersOfVersion.count, difference: difference)
  }

  private func firstDifference(_ answersOfVersion: [Int: Set<GivenAnswer>]) throws -> String? {
    let executor = try GraphExecutor(width: 1)
    let store = try recipe.makeStore()
    let versions = try VersionTrainer(recipe, store: store, on: executor)
    let served = ServedNetwork(recipe.architecture, rows: 1, seed: 0)
    let session = try Program(served.answers).makeSession(on: executor, parameters: store)
    for (version, answers) in answersOfVersion.sorted(by: { $0.key < $1.key }) {
      while versions.version < version { _ = try versions.publishNext() }
      for given in answers {
        try session.write(Array(images.pixels(of: given.image)), to: served.network.images)
        try session.forward()
        let answer = Predictor.Answer(row: try session.read(served.answers, as: Float.self))
        let isSame =
          answer.version == version && answer.scores.map(\.bitPattern) == given.scores.map(\.bitPattern)
        if !isSame {
          return "image \(given.image) of version \(version) was answered \(given.scores), and alone \(answer.scores)"
        }
      }
    }
    return nil
  }
}
