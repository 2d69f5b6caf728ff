import ArgumentParser
import DigitServing
import Logging
import Metrics
import ServiceLifecycle
import UnixSignals

/// Serves until SIGTERM or SIGINT.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serves until SIGTERM or SIGINT; the default.")

  @OptionGroup var options: RecipeOptions
  @Option(help: "The address to listen on.") var host = "127.0.0.1"
  @Option(help: "The port; 0 takes any that is free.") var port = 8080
  @Flag(inversion: .prefixedNo, help: "Gather images of concurrent requests into one run.") var batching = true
  @Option(help: "Microseconds that an image waits for others while nothing runs.") var patience = 0
  @Option(help: "Images that wait at most; more are refused with 503.") var queue = 256
  @Option(help: "Milliseconds between two training steps.") var pause = 20
  @Flag(help: "Serves the weights of the file as they are.") var untrained = false
  @Option(help: "Seconds that a graceful shutdown may take.") var shutdownLimit = 10
  @Option(help: "What is logged: trace, debug, info, notice, warning, error or critical.") var logLevel = "info"

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port is from 0 to 65535, got \(port)") }
    guard pause >= 0, patience >= 0 else { throw ValidationError("--pause and --patience are at least 0") }
    guard shutdownLimit >= 1 else { throw ValidationError("--shutdown-limit is at least 1, got \(shutdownLimit)") }
    guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("--log-level: no level '\(logLevel)'") }
  }

  func run() async throws {
    let metrics = PrometheusMetrics()
    MetricsSystem.bootstrap(metrics)
    var logger = Logger(label: "PredictionServer")
    logger.logLevel = Logger.Level(rawValue: logLevel)!
    var server = PredictionServer(options.recipe)
    server.host = host
    server.port = port
    server.batching = batching
    server.limits.patience = .microseconds(patience)
    server.limits.queue = queue
    server.trainingPause = untrained ? nil : .milliseconds(pause)
    server.shutdownLimit = .seconds(shutdownLimit)
    server.signals = [.sigterm, .sigint]
    server.logger = logger
    try await server.makeServices(metrics: metrics).run()
  }
}
