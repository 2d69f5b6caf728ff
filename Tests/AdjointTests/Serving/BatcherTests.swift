import AdjointTesting
import DependencyScheduling
import Foundation
import Testing

@testable import Adjoint

/// Rows of concurrent requests in one run.
@Suite(.timeLimit(.minutes(20))) struct BatcherTests {
  /// Two dense layers of `width` features.
  private func network(_ size: Int, width: Int = 48) throws -> BatchProgram {
    let graph = Graph()
    let x = graph.input("x", [size, width])
    let first = graph.parameter("first", [width, 70], .heNormal(seed: 1))
    let second = graph.parameter("second", [70, 10], .heNormal(seed: 2))
    let y = softmax(relu(x.matmul(first)).matmul(second))
    return BatchProgram(try Program(y), input: x, output: y)
  }

  private func row(_ seed: Int, width: Int = 48) -> [Float] {
    var generator = SeededGenerator(seed: UInt64(seed))
    return (0..<width).map { _ in Float(generator.unit()) - 0.5 }
  }

  /// The answer of a program of one row.
  private func alone(_ seed: Int, _ store: ParameterStore) async throws -> [Float] {
    let one = try network(1)
    return try await one.program.withSession(parameters: store) { session in
      try session.write(row(seed), to: one.inputs[0])
      try await session.forward()
      return try session.read(one.outputs[0], as: Float.self)
    }
  }

  @Test(arguments: [0, 300]) func `each row has the bits that it has by itself, whatever else is in the batch`(
    microseconds: Int
  ) async throws {
    let store = ParameterStore()
    let batcher = try Batcher(
      sizes: [1, 3, 8], patience: .microseconds(microseconds), queueLimit: 100, parameters: store
    ) { try network($0) }
    var expected: [[Float]] = []
    for seed in 0..<40 { expected.append(try await alone(seed, store)) }
    try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for seed in 0..<40 { group.addTask { (seed, try await batcher.answer(self.row(seed))) } }
      for try await (seed, answer) in group { #expect(answer == expected[seed], "row \(seed)") }
    }
    let statistics = batcher.statistics
    #expect(statistics.answered == 40 && statistics.waiting == 0 && statistics.refused == 0)
    #expect(statistics.runs <= 40)
    await batcher.stop()
  }

  /// A batcher whose first run is held, so that the rows after it gather.
  private struct Held {
    let batcher: Batcher
    let isHeld = Locked(true)
    let runs = Locked(0)

    init(sizes: [Int], queueLimit: Int, refusing: Float? = nil) throws {
      let (isHeld, runs) = (isHeld, runs)
      batcher = try Batcher(
        sizes: sizes, patience: .zero, queueLimit: queueLimit, parameters: ParameterStore()
      ) { size in
        let graph = Graph()
        let x = graph.input("x", [size, 2])
        let gate = Gated(key: Gated.Key(isHeld: isHeld, runs: runs), refused: refusing)
        let y = graph.apply(gate, to: [x])
        return BatchProgram(try Program(y), input: x, output: y)
      }
    }

    func release() { isHeld.withLock { $0 = false } }
  }

  private struct Refused: Error, Hashable { let value: Float }

  /// x + 1, once it is no longer held; an error for one value.
  private struct Gated: RowwiseGate {
    final class Key: Hashable, Sendable {
      let isHeld: Locked<Bool>, runs: Locked<Int>
      init(isHeld: Locked<Bool>, runs: Locked<Int>) { (self.isHeld, self.runs) = (isHeld, runs) }
      static func == (left: Key, right: Key) -> Bool { left === right }
      func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
    }

    static let name = "gated"
    let key: Key
    let refused: Float?
    func shape(_ inputs: [Shape]) -> Shape { inputs[0] }
    var kernel: Kernel {
      .custom { [key, refused] arguments in
        key.runs.withLock { $0 += 1 }
        while key.isHeld.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.001) }
        let (x, y) = (try arguments.input(0, as: Float.self), try arguments.output(as: Float.self))
        if let refused, x.contains(refused) { throw Refused(value: refused) }
        for place in y.indices { y[place] = x[place] + 1 }
      }
    }
    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
    func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
  }

  @Test func `rows gather while others run, and fill the smallest size that holds them`() async throws {
    let held = try Held(sizes: [1, 2, 4], queueLimit: 10)
    let first = Task { try await held.batcher.answer([0, 0] as [Float], as: Float.self) }
    #expect(await comesTrue { held.runs.withLock { $0 } == 1 })
    let others = (1...7).map { value in
      Task { try await held.batcher.answer([Float(value), 0], as: Float.self) }
    }
    #expect(await comesTrue { held.batcher.statistics.waiting == 7 })
    held.release()
    #expect(try await first.value == [1, 1])
    for (value, task) in zip(1...7, others) { #expect(try await task.value == [Float(value + 1), 1]) }
    // One row, then four, then three with a row of zeros.
    let statistics = held.batcher.statistics
    #expect(statistics.runs == 3 && statistics.paddingRows == 1 && statistics.answered == 8)
  }

  @Test func `a request beyond the limit is refused at once, and one that is cancelled leaves its place`() async throws
  {
    let held = try Held(sizes: [4], queueLimit: 2)
    let first = Task { try await held.batcher.answer([0, 0] as [Float], as: Float.self) }
    #expect(await comesTrue { held.runs.withLock { $0 } == 1 })
    let waiting = (1...2).map { value in Task { try await held.batcher.answer([Float(value), 0], as: Float.self) } }
    #expect(await comesTrue { held.batcher.statistics.waiting == 2 })
    await #expect(throws: ServingError.overloaded) {
      try await held.batcher.answer([9, 9] as [Float], as: Float.self)
    }
    waiting[0].cancel()
    await #expect(throws: CancellationError.self) { try await waiting[0].value }
    #expect(held.batcher.statistics.waiting == 1)
    let next = Task { try await held.batcher.answer([3, 0] as [Float], as: Float.self) }
    #expect(await comesTrue { held.batcher.statistics.waiting == 2 })
    // One whose row is running has its answer at once, too.
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    held.release()
    #expect(try await waiting[1].value == [3, 1])
    #expect(try await next.value == [4, 1])
    #expect(held.batcher.statistics.refused == 1)
  }

  @Test func `a row that fails its run is the only one to meet the error`() async throws {
    let held = try Held(sizes: [1, 4], queueLimit: 10, refusing: 2)
    let first = Task { try await held.batcher.answer([0, 0] as [Float], as: Float.self) }
    #expect(await comesTrue { held.runs.withLock { $0 } == 1 })
    let others = (1...4).map { value in Task { try await held.batcher.answer([Float(value), 0], as: Float.self) } }
    #expect(await comesTrue { held.batcher.statistics.waiting == 4 })
    held.release()
    #expect(try await first.value == [1, 1])
    for (value, task) in zip(1...4, others) {
      do {
        #expect(try await task.value == [Float(value + 1), 1] && value != 2)
      } catch SessionError.gateFailed(_, "gated", let error) {
        #expect(value == 2 && error as? Refused == Refused(value: 2))
      }
    }
    #expect(held.batcher.statistics.runs == 6, "the batch, and each of its rows by itself")
  }

  @Test func `a batcher that stops answers those who wait and refuses those who come`() async throws {
    let held = try Held(sizes: [2], queueLimit: 10)
    let tasks = (0..<5).map { value in Task { try await held.batcher.answer([Float(value), 0], as: Float.self) } }
    #expect(await comesTrue { held.batcher.statistics.waiting + held.runs.withLock { $0 } >= 4 })
    let stop = Task { await held.batcher.stop() }
    #expect(await comesTrue { held.batcher.isStopped })
    await #expect(throws: ServingError.stopped) {
      try await held.batcher.answer([9, 9] as [Float], as: Float.self)
    }
    held.release()
    await stop.value
    var answered = 0
    for (value, task) in tasks.enumerated() {
      do {
        #expect(try await task.value == [Float(value + 1), 1])
        answered += 1
      } catch {
        #expect(error as? ServingError == .stopped, "one that came too late")
      }
    }
    #expect(answered >= 4 && held.batcher.statistics.answered == answered)
    await held.batcher.stop()
  }

  @Test func `a row of another count or type is refused before it joins`() async throws {
    let batcher = try Batcher(
      sizes: [2], patience: .zero, queueLimit: 1, parameters: ParameterStore()
    ) { try network($0) }
    await #expect(throws: ServingError.self) { try await batcher.answer([1, 2] as [Float], as: Float.self) }
    await #expect(throws: ServingError.self) { try await batcher.answer(row(1).map(Double.init), as: Float.self) }
    await #expect(throws: ServingError.self) { try await batcher.answer(row(1), as: Double.self) }
    await #expect(throws: ServingError.self) { try await batcher.answers(to: [RowValues(row(1)), RowValues(row(1))]) }
    #expect(batcher.statistics.runs == 0)
    let answer: [Float] = try await batcher.answer(row(1))
    #expect(answer.count == 10)
  }

  @Test func `a network of several inputs and outputs of any type is answered row by row`() async throws {
    let batcher = try Batcher(
      sizes: [1, 4], patience: .microseconds(100), queueLimit: 100, parameters: ParameterStore()
    ) { size in
      let graph = Graph()
      let x = graph.input("x", [size, 2], .float64), label = graph.input("label", [size], .int32)
      let table = graph.parameter("table", [3, 2], .values([1, 2, 3, 4, 5, 6] as [Double]), .float64)
      let y = x * table.gatheringRows(label)
      let largest = y.argmax()
      return BatchProgram(try Program(y, alsoComputing: [largest]), inputs: [x, label], outputs: [y, largest])
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for label in 0..<3 {
        group.addTask {
          let answers = try await batcher.answers(to: [RowValues([10.0, 1.0]), RowValues([Int32(label)])])
          #expect(answers[0].values() == [Double(20 * label + 10), Double(2 * label + 2)])
          #expect(answers[1].values() == [0] as [Int32])
          #expect(answers[1].values(as: Float.self) == nil && answers[0].elementType == .float64)
        }
      }
      try await group.waitForAll()
    }
    // A label that is none fails its own run alone.
    await #expect(throws: SessionError.self) {
      try await batcher.answers(to: [RowValues([10.0, 1.0]), RowValues([7] as [Int32])])
    }
  }

  @Test func `a network whose rows depend on one another is refused when the batcher is made`() {
    func batcher(_ output: @escaping @Sendable (Node) -> Node) throws {
      _ = try Batcher(sizes: [1, 4], patience: .zero, queueLimit: 1, parameters: ParameterStore()) { size in
        let x = Graph().input("x", [size, 2])
        let y = output(x)
        return BatchProgram(try Program(y), input: x, output: y)
      }
    }
    #expect(throws: Never.self) { try batcher { $0 * 2 } }
    #expect {
      try batcher { $0 - $0.mean(axes: [0]) }
    } throws: { error in
      guard case .rowsDepend(let reason) = error as? ServingError else { return false }
      return reason.contains("mean") && reason.contains("BatcherTests.swift")
    }
  }

  @Test func `sizes, limits and programs that make no batcher are refused`() throws {
    func batcher(
      sizes: [Int] = [1], patience: Duration = .zero, queueLimit: Int = 1, runs: Int = 1,
      _ build: @escaping @Sendable (Int) throws -> BatchProgram
    ) throws {
      _ = try Batcher(
        sizes: sizes, patience: patience, queueLimit: queueLimit, runsAtOnce: runs, parameters: ParameterStore(),
        build: build)
    }
    let build: @Sendable (Int) throws -> BatchProgram = { try network($0) }
    for sizes in [[], [0, 1], [-1]] { #expect(throws: ServingError.self) { try batcher(sizes: sizes, build) } }
    #expect(throws: ServingError.self) { try batcher(queueLimit: 0, build) }
    #expect(throws: ServingError.self) { try batcher(runs: 0, build) }
    #expect(throws: ServingError.self) { try batcher(patience: .milliseconds(-1), build) }
    #expect(throws: ServingError.self) { try batcher(sizes: [2]) { _ in try network(3) } }
    #expect(throws: ServingError.self) { try batcher(sizes: [1, 2]) { try network($0, width: 10 * $0) } }
    #expect(throws: ServingError.self) {
      try batcher { size in
        let made = try network(size)
        return BatchProgram(made.program, inputs: [], outputs: made.outputs)
      }
    }
    #expect(throws: ServingError.self) {
      try batcher { size in
        let made = try network(size)
        return BatchProgram(made.program, input: made.outputs[0], output: made.inputs[0])
      }
    }
    #expect(throws: GraphError.self) {
      try batcher { size in
        let x = Graph().input("x", [size, 2])
        let y = x.matmul(x)
        return BatchProgram(try Program(y), input: x, output: y)
      }
    }
  }
}
