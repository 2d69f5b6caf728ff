import Adjoint
import DependencyScheduling
import Dispatch
import Logging
import Metrics
import ServiceLifecycle
import Tracing

/// Trains on while the server answers, and publishes a version after each step.
///
/// A graceful shutdown lets the step that runs end and takes no other.
struct BackgroundTrainer: Service {
  let recipe: TrainingRecipe
  let store: ParameterStore
  /// Between two steps: what is left of the processors for answers.
  let pause: Duration
  let logger: Logger

  func run() async throws {
    let versionMeter = Meter(label: "model_version"), lossMeter = Meter(label: "training_loss")
    let duration = Metrics.Timer(label: "training_step_duration")
    do {
      // One worker, behind whatever requests do.
      let executor = try GraphExecutor(width: 1, qos: .utility, label: "server.training")
      let versions = try VersionTrainer(recipe, store: store, on: executor)
      logger.info("training goes on from the file", metadata: ["file": "\(recipe.weights)"])
      while !Task.isShuttingDownGracefully {
        let start = ContinuousClock.now
        let loss = try await withSpan("training step") { span in
          let loss = try await versions.publishNext()
          span.attributes["model.version"] = versions.version
          return loss
        }
        duration.recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
        versionMeter.set(versions.version)
        lossMeter.set(loss)
        // Ends early, with `CancellationError`, when the server is told to stop.
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        try Task.checkCancellation()
      }
      logger.info("training has ended", metadata: ["version": "\(versions.version)"])
    } catch is CancellationError {
      logger.info("training was cancelled")
    } catch {
      // The last version is whole, and goes on being served.
      logger.error("training has failed", metadata: ["error": "\(error)"])
      try? await gracefulShutdown()
    }
  }
}
