import Adjoint
import AdjointTraining
import DependencyScheduling
import DigitNetworks
import DigitServing
import Foundation
import Logging
import Metrics
import ServiceLifecycle

/// What all tests share: a process has one metrics system, and weights are trained once.
enum Fixture {
  static let metrics: PrometheusMetrics = {
    let metrics = PrometheusMetrics()
    MetricsSystem.bootstrap(metrics)
    return metrics
  }()

  static let images: Result<DigitImages, any Error> = Result { try DigitImages.loadAll() }
  private static let weights: Result<String, any Error> = Result { try writeWeights() }

  /// A server on a free port, quiet, which trains as often as it can.
  static func server() throws -> PredictionServer {
    var server = PredictionServer(TrainingRecipe(weights: try weights.get()))
    server.port = 0
    server.trainingPause = .milliseconds(2)
    server.logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    return server
  }

  /// A file as the example Digits writes it, after a few steps.
  private static func writeWeights() throws -> String {
    let images = try DigitImages.load().training
    let network = Network(.dense, rows: 32, seed: 1)
    let trainer = try network.trainer(
      rowCount: images.count, seed: 1, rate: .constant(0.05), on: GraphExecutor(width: 1))
    try trainer.takeSteps(until: 50) { try network.feed(images, $1, to: $0) }
    let path = FileManager.default.temporaryDirectory.appending(path: "digits-\(UUID().uuidString).dense").path
    try trainer.save(to: path)
    return path
  }

  /// Calls `body` with the port of a server that runs, and tells the server to stop when it ends.
  ///
  /// - Returns: how long the server took to end.
  @discardableResult
  static func running(
    _ server: PredictionServer, store: ParameterStore? = nil, _ body: @Sendable (_ port: Int) async throws -> Void
  ) async throws -> Duration {
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let services = try server.makeServices(store: store, metrics: metrics) { continuation.yield($0) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { continuation.finish() }
        try await services.run()
      }
      guard let port = await ports.first(where: { _ in true }) else {
        try await group.next()
        return .zero
      }
      do {
        try await body(port)
      } catch {
        await services.triggerGracefulShutdown()
        throw error
      }
      let start = ContinuousClock.now
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
      return ContinuousClock.now - start
    }
  }

  /// Not for asynchronous code, which it would block: a test awaits it on a thread of its own.
  static func compare(_ answers: [GivenAnswer]) async throws -> Replay.Outcome {
    let recipe = try server().recipe, images = try images.get()
    return try await withCheckedThrowingContinuation { waiter in
      Thread.detachNewThread {
        waiter.resume(with: Result { try Replay(recipe, images: images).compare(answers) })
      }
    }
  }
}
