import ArgumentParser

/// How runs scale to 128 workers, in virtual time: see `results/scaling.md`.
@main struct ScalingBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scaling", abstract: "Simulates all workloads with 1 to 128 workers, and writes a table and a picture."
  )

  @Option(help: "The folder for scaling.md and scaling.svg.") var output = "Benchmarks/results"

  func run() throws {
    try ScalingRow.write(training: ScalingCase.training(), to: output)
  }
}
