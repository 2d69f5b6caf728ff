import DependencyScheduling
import Dispatch
import Foundation
import Synchronization
import Testing
import Threads

extension SnippetTests {
  @Test func `an executor runs a schedule`() throws {
    let tiles = cells
    try multiply(tiles)
    try executor.run(schedule) { unit in cells[Int(unit.index)].update() }
    #expect(cells.allSatisfy { $0.updates == 2 })
  }

  private func multiply(_ tiles: [Cell]) throws {
    let executor = try GraphExecutor(width: 4, qos: .userInitiated)
    try executor.run(schedule) { unit in tiles[Int(unit.index)].multiply() }
  }

  @Test func `a cancelled run throws`() {
    #expect(throws: CancellationError.self) { try runUntilClicked() }
    #expect(cells.contains { $0.updates == 0 })
  }

  private func runUntilClicked() throws {
    let button = ClickedButton()
    let token = CancellationToken()
    button.onClick { token.cancel() }
    try executor.run(schedule, cancellation: token) { unit in cells[Int(unit.index)].update() }  // throws
  }

  @Test func `an observer counts runs`() throws {
    struct Counting: ExecutorObserver {
      func runEnded(_ run: ObservedRun) { runDuration.record(run.nanoseconds) }
    }
    let executor = try GraphExecutor(width: 4, observer: Counting())
    try executor.run(schedule) { unit in cells[Int(unit.index)].update() }
    #expect(runDuration.count == 1)
  }

  @Test func `loops call their bodies with stretches`() throws {
    try executor.forEach(0..<cells.count, grain: 64) { stretch in
      for index in stretch { cells[index].update() }
    }
    let values = (0..<10_000).map(Double.init)
    let sum = try executor.reduce(0..<values.count, grain: 1_024, { $0.reduce(0) { $0 + values[$1] } }, +)
    #expect(cells.allSatisfy { $0.updates == 1 } && sum == 49_995_000)
  }

  @Test func `tasks run on the executor`() async {
    let text = "to be or not to be"
    let words = await withTaskExecutorPreference(executor) { countWords(text) }
    #expect(words == 6)
  }

  @Test func `an executor has the host's threads`() throws {
    let threadPool = ThreadPool()
    let executor = try GraphExecutor(width: 4, on: { block in threadPool.submit { _ in block() } })
    try executor.run(schedule) { unit in cells[Int(unit.index)].update() }
    #expect(cells.allSatisfy { $0.updates == 1 })
  }

  @Test func `a body is kept for many runs`() throws {
    let body = UnitBody { unit in cells[Int(unit.index)].update() }
    for _ in 0..<1_000 { try executor.run(schedule, body) }
    #expect(cells.allSatisfy { $0.updates == 1_000 })
  }

  @Test func `units are completed by another thread`() throws {
    let network = Network(), urls = (0..<1_024).map { "page \($0)" }
    let body = UnitBody(suspending: { unit, context in
      let completion = context.suspend()
      network.fetch(urls[Int(unit.index)]) { completion.finish() }  // on a thread of the network's
    })
    try executor.run(schedule, body)
    #expect(network.fetches == 1_024)
  }

  @Test func `a patient wait ends when another thread has done what it does`() {
    let done = Atomic(false)
    var isThere: Bool { done.load(ordering: .acquiring) }
    let thread = TestThread { done.store(true, ordering: .releasing) }
    var wait = PatientWait()
    while !isThere { wait.once() }
    #expect(isThere)
    thread.join()
  }
}

extension Cell {
  fileprivate func multiply() { update() }
}

private func countWords(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }

/// Is clicked as soon as somebody listens.
private struct ClickedButton {
  func onClick(_ action: () -> Void) { action() }
}

private final class Durations: Sendable {
  private let values = Mutex<[Int64]>([])
  var count: Int { values.withLock(\.count) }
  func record(_ nanoseconds: Int64) { values.withLock { $0.append(nanoseconds) } }
}

private let runDuration = Durations()

private struct ThreadPool {
  func submit(_ work: @escaping @Sendable (_ isActive: Bool) -> Void) { Thread.detachNewThread { work(true) } }
}

/// Answers on a thread of its own.
private final class Network: Sendable {
  private let queue = DispatchQueue(label: "network")
  private let count = Atomic(0)
  var fetches: Int { count.load(ordering: .relaxed) }

  func fetch(_ url: String, _ finish: @escaping @Sendable () -> Void) {
    queue.async { [self] in
      count.add(1, ordering: .relaxed)
      finish()
    }
  }
}
