import ArgumentParser
import DependencyScheduling
import Foundation

/// A tool of GradBench: answers each line of standard input with one of standard output, until there is none.
@main struct GradBench: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "gradbench")

  @Option(help: "Workers.") var width = 1
  @Flag(help: "As many workers as the process may use.") var multithreaded = false

  func validate() throws {
    do { _ = try GraphExecutor(width: width) } catch { throw ValidationError("--width: \(error)") }
  }

  func run() throws {
    var conversation = try Conversation(on: multithreaded ? .shared : GraphExecutor(width: width))
    while let line = readLine() {
      let answer = conversation.answer(to: line)
      try FileHandle.standardOutput.write(contentsOf: Data(answer))
    }
  }
}
