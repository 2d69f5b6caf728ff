import ArgumentParser
import DigitNetworks
import DigitServing
import Foundation

/// Compares answers that clients were given with those of a training that is alone.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains again, alone, and compares given answers with those of the version that they name.",
    discussion: "Exits with 1 if one of them differs in a bit.")

  @OptionGroup var options: RecipeOptions
  @Argument(help: "Files of replies, one JSON object a line, whose ids are rows of digits.csv.") var files: [String]

  func run() throws {
    let outcome = try Replay(options.recipe, images: DigitImages.loadAll()).compare(
      files.lazy.flatMap { ReplyLines(path: $0) })
    if let difference = outcome.difference {
      print("an answer is of no whole version: \(difference)")
      throw ExitCode.failure
    }
    print("\(outcome.answers) answers of \(outcome.versions) versions, each that of one whole version")
  }
}

/// The replies of a file, without all of it in memory.
private struct ReplyLines: Sequence {
  let path: String

  func makeIterator() -> AnyIterator<GivenAnswer> {
    guard let file = fopen(path, "r") else { return AnyIterator { GivenAnswer(image: -1, version: -1, scores: []) } }
    let decoder = JSONDecoder()
    return AnyIterator {
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      defer { free(line) }
      let length = getline(&line, &capacity, file)
      guard length > 0, let line else {
        fclose(file)
        return nil
      }
      let reply = try? decoder.decode(DigitReply.self, from: Data(bytes: line, count: length))
      // A line that is no reply counts as an answer that nobody could have given.
      return GivenAnswer(image: reply?.id ?? -1, version: reply?.version ?? -1, scores: reply?.scores ?? [])
    }
  }
}

/// What a batcher gains without HTTP.
struct Measure: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Images a second in one process, through a batcher and each on a session of its own.")

  @OptionGroup var options: RecipeOptions
  @Option(help: "Callers at once.") var callers = 64
  @Option(help: "Images of each caller in a turn.") var rows = 200
  @Option(help: "Turns, of which medians are printed.") var turns = 11

  func validate() throws {
    guard callers >= 1, rows >= 1, turns >= 1 else { throw ValidationError("callers, rows and turns are at least 1") }
  }

  func run() async throws {
    let speed = try await RowsPerSecond(
      options.recipe, images: DigitImages.loadAll(), callers: callers, rows: rows, turns: turns)
    print("through a batcher: \(Int(speed.batched)) rows/s")
    print("each on a session: \(Int(speed.single)) rows/s")
    print(String(format: "batcher: %.2f times", speed.ratio))
  }
}
