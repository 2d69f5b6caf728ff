import DependencyScheduling
import Dispatch
import Foundation
import Testing

@testable import Adjoint

/// A network for any number of rows.
@Suite(.timeLimit(.minutes(20))) struct ProgramFamilyTests {
  private typealias Family = ProgramFamily<Int, (x: Node, y: Node)>
  private let compiled = Locked<[Int]>([])

  /// Rows of three times the parameter, which all programs share.
  private func family(capacity: Int, _ store: ParameterStore = ParameterStore()) throws -> Family {
    try Family(capacity: capacity, parameters: store) { [compiled] rows in
      if rows < 0 { throw ServingError.invalid("no rows") }
      compiled.withLock { $0.append(rows) }
      let graph = Graph()
      let x = graph.input("x", [rows, 3])
      let weights = graph.parameter("weights", [3, 2], .values([1, 2, 3, 4, 5, 6] as [Float]))
      let y = x.matmul(weights)
      return (try Program(y), (x, y))
    }
  }

  private func answer(_ family: Family, rows: Int) async throws -> [Float] {
    try await family.withSession(for: rows) { session, ports in
      try session.write([Float](repeating: 1, count: rows * 3), to: ports.x)
      try await session.forward()
      return try session.read(ports.y, as: Float.self)
    }
  }

  @Test func `each size that comes has its program, and all read one store`() async throws {
    let store = ParameterStore()
    let family = try family(capacity: 8, store)
    for rows in [1, 2, 5, 2, 1] {
      #expect(try await answer(family, rows: rows) == (0..<rows).flatMap { _ in [9, 12] as [Float] })
    }
    #expect(compiled.withLock { $0 } == [1, 2, 5])
    #expect(family.statistics == FamilyStatistics(compiled: 3, hits: 2, evicted: 0))
    #expect(store.names == ["weights"])
  }

  @Test func `the program that was used least lately is given up`() async throws {
    let family = try family(capacity: 2)
    for rows in [1, 2, 1, 3, 1, 2] { _ = try await answer(family, rows: rows) }
    #expect(compiled.withLock { $0 } == [1, 2, 3, 2])
    #expect(family.statistics == FamilyStatistics(compiled: 4, hits: 2, evicted: 2) && family.count == 2)
  }

  @Test func `a program is compiled once however many ask for it at once`() async throws {
    let family = try family(capacity: 4)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<64 {
        group.addTask {
          let rows = number % 2 + 1
          let answer = try await self.answer(family, rows: rows)
          #expect(answer == Array([9, 12, 9, 12].prefix(2 * rows)))
        }
      }
      try await group.waitForAll()
    }
    #expect(compiled.withLock { $0.sorted() } == [1, 2])
    #expect(family.statistics == FamilyStatistics(compiled: 2, hits: 62, evicted: 0))
  }

  /// Whoever compiles is held until the others wait; then all of them learn how it ended.
  @Test(arguments: [false, true]) func `those who ask meanwhile wait, and share what comes of it`(fails: Bool)
    async throws
  {
    let isHeld = Locked(true), calls = Locked(0)
    let family = try Family(capacity: 1, parameters: ParameterStore()) { rows in
      calls.withLock { $0 += 1 }
      while isHeld.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.001) }
      if fails { throw ServingError.invalid("it does not compile") }
      let graph = Graph()
      let x = graph.input("x", [rows])
      return (try Program(x * 2), (x, x))
    }
    // On a thread of its own: held, it would take one of Swift's few from whoever is to let it go.
    DispatchQueue.global().async { _ = try? family.member(for: 1) }
    #expect(await comesTrue { calls.withLock { $0 } == 1 })
    let tasks = (0..<4).map { _ in Task { try await family.member(for: 1).program } }
    let cancelled = Task { try await family.member(for: 1).program }
    isHeld.withLock { $0 = false }
    cancelled.cancel()
    var programs: [Program] = []
    for task in tasks {
      do {
        programs.append(try await task.value)
      } catch {
        #expect(fails && error as? ServingError == .invalid("it does not compile"))
      }
    }
    do { _ = try await cancelled.value } catch { #expect(fails || error is CancellationError) }
    #expect(programs.count == (fails ? 0 : 4) && programs.allSatisfy { $0 === programs[0] })
    #expect(fails || calls.withLock { $0 } == 1)
    #expect(family.count == (fails ? 0 : 1), "a program that does not compile is not kept")
  }

  @Test func `a size that cannot be compiled is an error each time, and takes no room`() async throws {
    let family = try family(capacity: 1)
    _ = try await answer(family, rows: 1)
    for _ in 0..<2 {
      await #expect(throws: ServingError.self) { try await family.member(for: -1) }
    }
    _ = try await answer(family, rows: 1)
    #expect(family.statistics == FamilyStatistics(compiled: 1, hits: 1, evicted: 0))
  }

  @Test func `blocking code has the same programs`() throws {
    let family = try family(capacity: 2)
    let program = try family.member(for: 2).program
    #expect(try family.member(for: 2).program === program)
    #expect(family.statistics == FamilyStatistics(compiled: 1, hits: 1, evicted: 0))
  }

  @Test func `a capacity below 1 is refused`() {
    #expect(throws: ServingError.self) { try family(capacity: 0) }
  }
}
