public import ArgumentParser
public import ScalarGraphs

/// Whether two workers are ever slower than one: steps of scalar graphs of 2⁰ … 2²⁰ gates at both widths, in turns.
///
/// The noise is what width 1 shows against itself in the same turns: ``WidthComparison``.
@main struct WidthBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "widths", abstract: "Prints the time of a step at width 2 relative to width 1, by size of the graph.")

  @Option(help: "A chain, or random.") var kind = ScalarGraph.Kind.random
  @Option(help: "The base-2 logarithm of the largest graph's gates.") var largest = 20
  @Option(help: "Turns a size, at least five.") var turns = 35
  @Flag(help: "Fail if width 2 is slower by more than the noise at any size.") var check = false

  func validate() throws {
    guard turns >= 5 else { throw ValidationError("the noise is read off at least five turns") }
  }

  func run() throws {
    print("gates, units, width 1 ns a step, width 2 ns a step, ratio, noise")
    var slower: [Int] = []
    for exponent in 0...largest {
      let comparison = try WidthComparison(ScalarGraph(kind, gates: 1 << exponent), turns: turns)
      print(comparison.line)
      if comparison.isSlower { slower.append(comparison.gates) }
    }
    if !slower.isEmpty {
      print("slower at width 2: graphs of \(slower.map(String.init).joined(separator: ", ")) gates")
    }
    if check && !slower.isEmpty { throw ExitCode.failure }
  }
}

extension ScalarGraph.Kind: ExpressibleByArgument {}
