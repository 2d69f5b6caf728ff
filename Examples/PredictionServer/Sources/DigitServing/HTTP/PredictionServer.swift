public import Adjoint
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
public import UnixSignals

/// A server of predictions, and a trainer behind it, as services that start and end together.
public struct PredictionServer: Sendable {
  public var recipe: TrainingRecipe
  public var host = "127.0.0.1"
  /// 0 takes any that is free.
  public var port = 8080
  /// Whether rows of concurrent requests are gathered into one run.
  public var batching = true
  public var limits = PredictorLimits()
  /// Between two training steps; `nil` trains not at all.
  public var trainingPause: Duration? = .milliseconds(20)
  /// The most connections at once: others wait to be accepted.
  public var mostConnections = 1_024
  /// How long a connection may be silent, within a request or between two.
  public var idleTimeout: Duration = .seconds(60)
  /// How long a graceful shutdown may take; what then still runs is cancelled.
  public var shutdownLimit: Duration = .seconds(10)
  /// Signals that end the server.
  public var signals: [UnixSignal] = []
  public var logger = Logger(label: "PredictionServer")

  public init(_ recipe: TrainingRecipe) { self.recipe = recipe }

  /// Loads the weights, compiles the network, and makes the services, none of which runs yet.
  ///
  /// A graceful shutdown goes from the last service to the first: first the predictor refuses what is new and answers
  /// what waits, while connections are still open to say so; then the HTTP server lets the requests that it has end,
  /// and closes; then the trainer ends its step.
  ///
  /// - Parameters:
  ///   - store: the parameters, version 0 of the recipe; if left out, a new store.
  ///   - metrics: what `/metrics` prints; `MetricsSystem` is to be set up with it before.
  ///   - onRunning: called with the port, once requests are accepted.
  /// - Throws: what is wrong with the weights or the limits.
  public func makeServices(
    store: ParameterStore? = nil, metrics: PrometheusMetrics,
    onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) throws -> ServiceGroup {
    let store = try store ?? recipe.makeStore()
    let predictor = try Predictor(recipe.architecture, parameters: store, batching: batching, limits: limits)
    let application = Application(
      router: DigitRoutes(predictor, metrics: metrics).makeRouter(),
      server: .http1(configuration: .init(idleTimeout: .nanoseconds(Int64(idleTimeout / .nanoseconds(1))))),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: "PredictionServer",
        availableConnectionsDelegate: MaximumAvailableConnections(mostConnections, logger: logger)),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
      logger: logger)
    var services: [any Service] = [application, PredictorService(predictor: predictor)]
    if let trainingPause {
      services.insert(BackgroundTrainer(recipe: recipe, store: store, pause: trainingPause, logger: logger), at: 0)
    }
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: signals, logger: logger)
    configuration.maximumGracefulShutdownDuration = shutdownLimit
    return ServiceGroup(configuration: configuration)
  }
}

/// Stops a predictor when the server is told to end.
private struct PredictorService: Service {
  let predictor: Predictor

  func run() async throws {
    // Cancelled or told to end: either way nobody may ask any more.
    try? await gracefulShutdown()
    await predictor.stop()
  }
}
