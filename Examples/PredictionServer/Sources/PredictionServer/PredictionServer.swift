public import ArgumentParser
public import DigitNetworks
import DigitServing

/// The server, and what a load test asks of the same program.
@main
struct PredictionServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "PredictionServer", abstract: "Reads handwritten digits over HTTP while it trains on.",
    subcommands: [Serve.self, Compare.self, Measure.self], defaultSubcommand: Serve.self)
}

extension Architecture: @retroactive ExpressibleByArgument {}

/// All that decides the bits of versions: whoever serves and whoever compares says the same.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: """
      A file that the example Digits has written with --state, such as digits.dense: \
      swift run -c release --package-path Examples Digits --state digits
      """)
  var weights: String
  @Option(help: "The network of that file.")
  var architecture = Architecture.dense
  @Option(help: "The seed of the batches that training goes on with.")
  var seed: UInt64 = 1
  @Option(help: "Images in a training batch.")
  var batch = 32
  @Option(help: "The learning rate.")
  var rate = 0.001

  func validate() throws {
    guard (1...1437).contains(batch) else { throw ValidationError("--batch is from 1 to 1437, got \(batch)") }
    guard rate > 0, rate.isFinite else { throw ValidationError("--rate is above 0, got \(rate)") }
  }

  var recipe: TrainingRecipe {
    TrainingRecipe(weights: weights, architecture: architecture, seed: seed, batchSize: batch, rate: rate)
  }
}
