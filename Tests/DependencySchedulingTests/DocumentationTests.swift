import DependencyScheduling
import Dispatch
import DocumentedCode
import Foundation
import Synchronization
import StressScale
import Testing
import VirtualExecution

/// The code of the articles, compiled and run; the last test sees that it is the same.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct DocumentationTests {
  private let paths = ["one", "two", "three"]
  private let executor = GraphExecutor.shared
  private let cells = (0..<1_024).map { _ in Cell() }

  // MARK: DependencyScheduling.md, TaskGraphs.md

  @Test func `the first example gives what it says`() async throws {
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

  @Test func `tasks of a group are gathered, and others are ordered by hand`() async throws {
    var graph = TaskGraph()
    let disk = try graph.group("disk", limit: 2)
    let texts = paths.map { path in graph.task("read \(path)", in: disk) { try read(path) } }
    let counts = texts.map { text in graph.task("count", text) { text in countWords(text) } }
    let total = graph.task("total", graph.gather(counts)) { counts in counts.reduce(0, +) }

    let announce = graph.addTask("announce") { print("done") }
    graph.addDependency(of: announce, on: total)

    #expect(try await graph.frozen().run()[total] == 6)
  }

  @Test func `a diamond of four units is run once a unit, and its trace has each of them`() throws {
    let cells = (0..<4).map { _ in Cell() }

    let diamond = try Schedule(unitCount: 4, dependencies: [(0, 1), (0, 2), (1, 3), (2, 3)])
    let pair = try GraphExecutor(width: 2)
    try pair.run(diamond) { unit in cells[Int(unit.index)].update() }

    #expect(cells.map(\.updates) == [1, 1, 1, 1])

    let seen = try pair.trace(diamond) { unit in cells[Int(unit.index)].update() }
    print(seen.summary)
    print(pair.statistics.runsAlone, pair.statistics.runsShared)

    #expect(cells.map(\.updates) == [2, 2, 2, 2] && seen.units.count == 4)
    #expect(pair.statistics.runsAlone + pair.statistics.runsShared == 2)
    // Unit 3 waits for both others: no chain is longer than three units.
    #expect(seen.criticalPath.count == 3)
  }

  @Test func `a frozen graph is run in the order of a seed`() throws {
    var graph = TaskGraph()
    let text = graph.task("text") { "to be" }
    let count = graph.task("count", text) { text in countWords(text) }
    let tasks = try graph.frozen()
    func checkInvariants(of results: TaskResults) { #expect(results[count] == 2) }

    for seed in UInt64(0)..<100 { try checkInvariants(of: tasks.run(on: SeededExecutor(seed: seed))) }
  }

  @Test func `a failure names its task`() async throws {
    struct UnexpectedEnd: Error, CustomStringConvertible { let description = "unexpected end of file" }
    var graph = TaskGraph()
    graph.addTask("parse") { throw UnexpectedEnd() }
    let tasks = try graph.frozen()
    do {
      try await tasks.run()
    } catch let failure as TaskFailure {
      print(failure)  // task "parse" failed: unexpected end of file
    }

    let failure = await #expect(throws: TaskFailure.self) { try await tasks.run() }
    #expect(failure?.description == "task \"parse\" failed: unexpected end of file")
  }

  @Test func `a deadline ends a run whose task asks`() async throws {
    let weather = Weather()
    var graph = TaskGraph()
    graph.addTask("simulate") {
      while !CurrentRun.isCancelled, weather.hasNextDay { weather.simulateNextDay() }
    }
    graph.addTask("wait") { try await Task.sleep(for: .seconds(60)) }
    let tasks = try graph.frozen()

    await #expect(throws: CancellationError.self) {
      let token = CancellationToken(deadline: .now + .milliseconds(200))
      try await tasks.run(cancellation: token)
    }
  }

  // MARK: Schedules.md

  @Test func `units run after those that they wait for`() throws {
    let schedule = try Schedule(unitCount: 3, dependencies: [(0, 2), (1, 2)])
    try GraphExecutor.shared.run(schedule) { unit in print(unit.index) }  // 2 comes last
    #expect(schedule.roots == [UnitID(0), UnitID(1)])
  }

  @Test func `what most of a run waits for starts first`() throws {
    let schedule = try Schedule(
      unitCount: 4, dependencies: [(0, 1), (0, 2), (2, 3)], costs: [1_000, 5_000, 2_000, 6_000])
    print(schedule.estimatedWork!)  // 14000.0, what one worker takes
    print(schedule.estimatedSpan!)  // 9000.0, units 0, 2 and 3: what no number of workers can beat
    #expect(schedule.estimatedWork == 14_000 && schedule.estimatedSpan == 9_000)
    #expect(Array(schedule.successors(of: UnitID(0))) == [UnitID(2), UnitID(1)])
  }

  @Test func `groups and loops update every cell`() throws {
    let schedule = Self.independentUnits

    let grouped = schedule.grouped(unitsPerGroup: 256)
    try grouped.run(on: executor) { unit in cells[Int(unit.index)].update() }

    let values = (0..<10_000).map(Double.init)

    try executor.forEach(0..<cells.count, grain: 64) { stretch in
      for index in stretch { cells[index].update() }
    }
    let sum = try executor.reduce(0..<values.count, grain: 1_024, { stretch in values[stretch].reduce(0, +) }, +)

    #expect(cells.allSatisfy { $0.updates == 2 })
    #expect(sum == 49_995_000)
  }

  // MARK: RunningUnits.md, SharingRuns.md

  @Test func `a kept body runs again and again, and units suspend`() throws {
    let schedule = Self.independentUnits
    let network = Network()

    let body = UnitBody { unit in cells[Int(unit.index)].update() }
    for _ in 0..<1_000 { try executor.run(schedule, body) }

    let fetching = UnitBody(suspending: { unit, context in
      let completion = context.suspend()
      network.fetch(unit.index) { completion.finish() }  // called on a thread of the network's
    })
    try executor.run(schedule, fetching)

    #expect(cells.allSatisfy { $0.updates == 1_000 })
    #expect(network.fetches == 1_024)
  }

  @Test func `a run may stay on its caller, and passes its place on`() throws {
    let schedule = Self.independentUnits
    try executor.run(schedule, sharing: .never) { unit in cells[Int(unit.index)].update() }
    try update(schedule, cells)
    #expect(cells.allSatisfy { $0.updates == 2 })
  }

  // MARK: HostsThreads.md

  @Test func `threads come from queues, or from the host`() throws {
    let queue = DispatchQueue(label: "host", attributes: .concurrent)
    let threadPool = ThreadPool()

    let own = try GraphExecutor(width: 4, qos: .userInitiated, label: "app.graphs")

    let onQueue = try GraphExecutor(width: 2, on: queue)

    let onPool = try GraphExecutor(width: 4, on: { block in threadPool.submit { block() } })

    for executor in [own, onQueue, onPool] { try update(Self.independentUnits, cells, on: executor) }
    #expect(cells.allSatisfy { $0.updates == 3 })
  }

  @Test func `tasks run on seats, whose number may change`() async throws {
    let executor = try GraphExecutor(width: 4)

    let sum = await withTaskExecutorPreference(executor) {
      async let left = countWords("to be or")
      async let right = countWords("not to be")
      return await left + right
    }

    #expect(sum == 6)

    try executor.setWidth(2)
    let width = executor.followAllowance()

    #expect(executor.width == width)
  }

  @Test func `a run that ends before its deadline has run every unit`() async throws {
    let schedule = Self.independentUnits
    do {
      let token = CancellationToken(deadline: .now + .milliseconds(200))
      try await executor.run(schedule, cancellation: token) { unit in cells[Int(unit.index)].update() }
    } catch is CancellationError {
      return  // a busy machine takes longer
    }
    #expect(cells.allSatisfy { $0.updates == 1 })
  }

  // MARK: WatchingARun.md

  @Test func `a run is traced, counted and observed`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID()).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var graph = TaskGraph()
    graph.addTask("only") {}
    let tasks = try graph.frozen()

    let trace = try tasks.trace(on: executor)
    print(trace.summary)
    try trace.perfettoJSON.write(toFile: path, atomically: true, encoding: .utf8)

    #expect(trace.units.map(\.name) == ["only"])

    let statistics = executor.statistics
    print(statistics.runsShared, statistics.runsAlone, statistics.seatsWoken, statistics.unitsStolen)

    let observed = try GraphExecutor(width: 4, observer: RunLog())

    try update(Self.independentUnits, cells, on: observed)
    #expect(observed.statistics.runsShared + observed.statistics.runsAlone == 1)
    #expect(observed.debugDescription.hasPrefix("width 4, "))
  }

  @Test func `the picture of a run that does not end is the one shown`() async throws {
    let executor = try GraphExecutor(width: 3)
    let abandoned = Mutex<UnitCompletion?>(nil)
    let body = UnitBody(suspending: { unit, context in
      if unit.index != 0 { return }
      let completion = context.suspend()
      abandoned.withLock { $0 = completion }
    })
    let thread = TestThread { try? executor.run(Self.thousandUnits, body) }
    let text = try DocumentedCode.text(of: "\(Self.articles)/WatchingARun.md")
    // How many workers have come decides how many deques there are.
    func shows(_ line: String) -> Bool {
      ["width 3, ", "occupied: ", "run of 1000 units, "].contains(where: line.hasPrefix)
    }
    let shown = text.split(separator: "\n").map(String.init).filter(shows).map { $0.prefix { $0 != "[" } }
    var picture: [Substring] = []
    for _ in 0..<1_000 where picture != shown {
      try await Task.sleep(for: .milliseconds(10))
      picture = executor.debugDescription.split(separator: "\n").map { $0.prefix { $0 != "[" } }
    }
    #expect(picture == shown && shown.count == 3)
    abandoned.withLock { $0 }?.finish()
    thread.join()
  }

  // MARK: the comparison

  @Test(arguments: [
    "DependencyScheduling", "TaskGraphs", "Schedules", "SeatsAndWaking", "RunningUnits", "SharingRuns", "HostsThreads",
    "WatchingARun", "HowARunIsScheduled",
  ])
  func `every paragraph of Swift in the articles is compiled here`(article: String) throws {
    let blocks = try DocumentedCode.articleBlocks(of: "\(Self.articles)/\(article).md")
    #expect(try CompiledCode(of: [#filePath]).missing(of: blocks) == [])
  }

  private static let articles = "Sources/DependencyScheduling/DependencyScheduling.docc"

  private static let independentUnits = Schedule(
    successorOffsets: [UInt32](repeating: 0, count: 1_025), successors: [])
  private static let thousandUnits = Schedule(
    successorOffsets: [UInt32](repeating: 0, count: 1_001), successors: [])
}

struct RunLog: ExecutorObserver {
  func runEnded(_ run: ObservedRun) { print("\(run.unitCount) units, \(run.way), \(run.nanoseconds) ns") }
}

func update(
  _ schedule: Schedule, _ cells: [Cell], fileID: StaticString = #fileID, line: UInt = #line, column: UInt = #column
) throws {
  let options = RunOptions(site: CallSite(fileID: fileID, line: line, column: column))
  try GraphExecutor.shared.run(schedule, options: options) { unit in cells[Int(unit.index)].update() }
}

private func update(_ schedule: Schedule, _ cells: [Cell], on executor: GraphExecutor) throws {
  try executor.run(schedule) { unit in cells[Int(unit.index)].update() }
}

/// Counts how often it was updated.
final class Cell: Sendable {
  private let count = Atomic(0)
  var updates: Int { count.load(ordering: .relaxed) }
  func update() { count.add(1, ordering: .relaxed) }
}

private func download(_ page: String) async throws -> String { page }
private func countWords(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }
private func countLines(_ text: String) -> Int { text.split(separator: "\n").count }
private func read(_ path: String) throws -> String { "contents of \(path)".replacing("of ", with: "") }

private final class Weather: Sendable {
  var hasNextDay: Bool { true }
  func simulateNextDay() { usleep(100) }
}

/// Answers on a thread of its own.
private final class Network: Sendable {
  private let queue = DispatchQueue(label: "network")
  private let count = Atomic(0)
  var fetches: Int { count.load(ordering: .relaxed) }

  func fetch(_ index: UInt32, _ finish: @escaping @Sendable () -> Void) {
    queue.async { [self] in
      count.add(1, ordering: .relaxed)
      finish()
    }
  }
}

private struct ThreadPool {
  func submit(_ work: @escaping @Sendable () -> Void) { Thread.detachNewThread(work) }
}
