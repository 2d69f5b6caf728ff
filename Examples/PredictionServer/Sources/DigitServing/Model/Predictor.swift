public import Adjoint
import DependencyScheduling
public import DigitNetworks
import Synchronization

/// How many requests are worked on and wait at most.
public struct PredictorLimits: Sendable {
  /// The numbers of rows that a batch may have.
  public var sizes: [Int]
  /// How long a row waits for others.
  public var patience: Duration
  /// The most rows that wait for their batch.
  public var queue: Int
  /// How long a request waits for a session of its own.
  public var sessionWait: Duration

  public init(
    sizes: [Int] = [1, 4, 8, 16, 32, 64], patience: Duration = .zero, queue: Int = 256,
    sessionWait: Duration = .seconds(1)
  ) {
    self.sizes = sizes
    self.patience = patience
    self.queue = queue
    self.sessionWait = sessionWait
  }
}

/// Answers images with the newest version of the parameters: those of concurrent requests in one run, or each on a
/// warm session of its own.
public final class Predictor: Sendable {
  /// What an image was read as, and the version of the parameters that did so.
  public struct Answer: Hashable, Sendable {
    public let version: Int
    /// The probability of each digit.
    public let scores: [Float]

    /// The digit with the greatest probability.
    public var digit: Int { scores.indices.max { scores[$0] < scores[$1] }! }

    init(row: [Float]) {
      scores = Array(row[..<ServedNetwork.digitCount])
      version = Int(row[ServedNetwork.digitCount])
    }
  }

  private enum Way {
    case batches(Batcher)
    case sessions(SessionPool, ServedNetwork, wait: Duration)
  }

  private let way: Way
  private let isStopped = Atomic(false)

  /// Compiles the network.
  ///
  /// - Parameters:
  ///   - architecture: of the network.
  ///   - parameters: what it is computed with, which a trainer may change meanwhile.
  ///   - batching: whether rows of concurrent requests are gathered into one run.
  ///   - limits: how many requests are worked on and wait.
  public init(
    _ architecture: Architecture, parameters: ParameterStore, batching: Bool, limits: PredictorLimits = .init()
  ) throws {
    if batching {
      let batcher = try Batcher(
        sizes: limits.sizes, patience: limits.patience, queueLimit: limits.queue, parameters: parameters
      ) { size in
        let served = ServedNetwork(architecture, rows: size, seed: 0)
        return BatchProgram(try Program(served.answers), input: served.network.images, output: served.answers)
      }
      way = .batches(batcher)
    } else {
      let served = ServedNetwork(architecture, rows: 1, seed: 0)
      let pool = try SessionPool(
        Program(served.answers), limit: 2 * GraphExecutor.shared.width, parameters: parameters)
      way = .sessions(pool, served, wait: limits.sessionWait)
    }
  }

  /// Reads one image.
  ///
  /// - Parameter pixels: 64 numbers from 0 to 1, row by row.
  /// - Throws: `ServingError` for too many requests, or after ``stop()``.
  public func answer(to pixels: [Float]) async throws -> Answer {
    switch way {
    case .batches(let batcher):
      return Answer(row: try await batcher.answer(pixels))
    case .sessions(let pool, let served, let wait):
      if isStopped.load(ordering: .relaxed) { throw ServingError.stopped }
      return try await pool.withSession(deadline: .now + wait) { session in
        try session.write(pixels, to: served.network.images)
        try await session.forward()
        return Answer(row: try session.read(served.answers, as: Float.self))
      }
    }
  }

  /// Refuses requests from now on. Those that wait for their batch have their answers when this returns; those that
  /// have a session of their own are waited for by the server, which closes no connection before its answer.
  public func stop() async {
    isStopped.store(true, ordering: .relaxed)
    if case .batches(let batcher) = way { await batcher.stop() }
  }

  /// Whether requests are refused.
  public var hasStopped: Bool { isStopped.load(ordering: .relaxed) }

  /// The predictor's counts, by name, for `/metrics`.
  var figures: [(name: String, value: Int)] {
    switch way {
    case .batches(let batcher):
      let statistics = batcher.statistics
      return [
        ("batcher_rows", statistics.answered), ("batcher_runs", statistics.runs),
        ("batcher_padding_rows", statistics.paddingRows), ("batcher_refused", statistics.refused),
        ("batcher_waiting", statistics.waiting),
      ]
    case .sessions(let pool, _, _):
      let statistics = pool.statistics
      return [
        ("sessions_made", statistics.made), ("sessions_in_use", statistics.inUse),
        ("sessions_waiting", statistics.waiting),
      ]
    }
  }
}
