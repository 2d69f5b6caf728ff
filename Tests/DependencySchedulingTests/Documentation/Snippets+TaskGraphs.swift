import DependencyScheduling
import Foundation
import Synchronization
import Testing
import VirtualExecution

extension SnippetTests {
  @Test func `a task graph makes a ratio`() async throws {
    let url = "to be\nor not to be"
    var graph = TaskGraph()
    let page = graph.task("fetch") { try await download(url) }
    let words = graph.task("count", page) { page in countWords(page) }
    let lines = graph.task("lines", page) { page in countLines(page) }
    let ratio = graph.task("ratio", words, lines) { words, lines in Double(words) / Double(lines) }
    let results = try await graph.frozen().run()
    print(results[ratio])
    #expect(results[ratio] == 3)
  }

  @Test func `outputs are handed from task to task`() async throws {
    let url = "to be or not to be"
    var graph = TaskGraph()
    let page = graph.task("fetch") { try await download(url) }  // TaskOutput<String>
    let words = graph.task("count", page) { page in countWords(page) }
    let lines = graph.task("lines", page) { page in countLines(page) }
    let sum = graph.task("sum", words, lines) { words, lines in words + lines }
    let results = try await graph.frozen().run()
    #expect(results[sum] == 7)
  }

  @Test func `an asynchronous task takes an address`() async throws {
    var graph = TaskGraph()
    let address = graph.task("address") { "to be" }
    let page = graph.task("fetch", address) { address in try await download(address) }
    #expect(try await graph.frozen().run()[page] == "to be")
  }

  @Test func `outputs of one type are gathered`() async throws {
    var graph = TaskGraph()
    let pages = ["to be", "or not"].map { text in graph.task("page") { text } }
    let counts = pages.map { page in graph.task("count", page) { page in countWords(page) } }
    let total = graph.task("total", graph.gather(counts)) { counts in counts.reduce(0, +) }
    let tasks = try graph.frozen()
    try await printTotal(tasks, total)

    let results = try runSeeded(tasks)
    #expect(results[total] == 4)
  }

  private func printTotal(_ tasks: TaskSchedule, _ total: TaskOutput<Int>) async throws {
    let results = try await tasks.run()
    print(results[total])
    #expect(results[total] == 4)
  }

  private func runSeeded(_ tasks: TaskSchedule) throws -> TaskResults {
    let results = try tasks.run(on: SeededExecutor(seed: 7))
    return results
  }

  @Test func `a failure names its task`() async throws {
    struct UnexpectedEnd: Error, CustomStringConvertible { let description = "unexpected end of file" }
    var graph = TaskGraph()
    graph.addTask("parse") { throw UnexpectedEnd() }
    let tasks = try graph.frozen()
    var retried: [any Error] = []
    func retry(_ error: any Error) { retried.append(error) }
    do {
      try await tasks.run()
    } catch let failure as TaskFailure {
      print(failure)  // task "parse" failed: unexpected end of file
      retry(failure.error)  // what the task has thrown
    }
    #expect(retried.count == 1 && retried[0] is UnexpectedEnd)
    let failure = await #expect(throws: TaskFailure.self) { try await tasks.run() }
    #expect(failure?.description == "task \"parse\" failed: unexpected end of file")
  }

  @Test func `at most two tasks of a group read at once`() async throws {
    let paths = ["one", "two", "three"]
    var graph = TaskGraph()
    let disk = try graph.group("disk", limit: 2)
    let files = paths.map { path in graph.task("read \(path)", in: disk) { try read(path) } }
    let results = try await graph.frozen().run()
    #expect(files.map { results[$0] } == paths)
  }

  @Test func `a run of tasks is traced`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID()).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var graph = TaskGraph()
    graph.addTask("only") {}
    let tasks = try graph.frozen()
    let trace = try tasks.trace(on: GraphExecutor.shared)
    print(trace.summary)  // critical path, parallelism, time by kind
    try trace.perfettoJSON.write(toFile: path, atomically: true, encoding: .utf8)  // opens in ui.perfetto.dev
    #expect(trace.units.map(\.name) == ["only"] && FileManager.default.fileExists(atPath: path))
  }
}

private func download(_ page: String) async throws -> String { page }
private func countWords(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }
private func countLines(_ text: String) -> Int { text.split(separator: "\n").count }
private func read(_ path: String) throws -> String { path }
