import Adjoint
import AdjointTesting
import DependencyScheduling
import Dispatch
import Foundation
import StressScale
import Testing
import VirtualExecution

/// The asynchronous forms of what blocks: the same results, no thread of Swift's pool held, and an end when their task
/// is cancelled.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 60)) struct AsynchronousFormTests {
  private struct Model: Sendable {
    let graph = Graph()
    let x: Node, w: Node, y: Node, loss: Node, program: Program

    init() throws {
      x = graph.input("x", [2_000], .float64)
      w = graph.parameter("w", [2_000], .constant(0.5), .float64)
      y = tanh(x * w) + x
      loss = log(exp(y).sum())
      var options = Program.Options()
      options.unitWork = 0
      program = try Program([loss], gradientsFor: [x, w], alsoComputing: [y], options: options)
    }

    static let values = (0..<2_000).map { Double($0 % 97) / 97 - 0.4 }

    /// The gradients and the output of a step on a session that was written to.
    func expected() throws -> [[Double]] {
      let session = program.makeSession(on: SeededExecutor(seed: 1))
      try session.write(Self.values, to: x)
      try session.step()
      return try [
        session.read(y, as: Double.self), session.gradient(of: x, as: Double.self),
        session.gradient(of: w, as: Double.self),
      ]
    }
  }

  private typealias Told = Guarded<[String: [Double]]>

  private func note(_ told: Told) -> @Sendable (ReadyGradient) throws -> Void {
    { gradient in
      let values = try gradient.withValues(as: Double.self) { span in span.indices.map { span[$0] } }
      let earlier = told.withLock { $0.updateValue(values, forKey: gradient.variable.name) }
      #expect(earlier == nil)
    }
  }

  @Test(arguments: [1, 2]) func `gradients are told once, with the bits of any other step`(width: Int) async throws {
    let model = try Model()
    let expected = try model.expected()
    let session = model.program.makeSession(on: try GraphExecutor(width: width))
    try session.write(Model.values, to: model.x)
    for _ in 0..<3 {
      let told = Told([:])
      try await session.step(whenReady: note(told))
      #expect(told.withLock { $0 } == ["x": expected[1], "w": expected[2]])
    }
    try await session.forward()
    let told = Told([:])
    try await session.backward(whenReady: note(told))
    #expect(told.withLock { $0 } == ["x": expected[1], "w": expected[2]])
  }

  @Test func `an error of whoever is told ends the run, and the next one is whole`() async throws {
    struct Enough: Error {}
    let model = try Model()
    let session = model.program.makeSession(on: try GraphExecutor(width: 2))
    try session.write(Model.values, to: model.x)
    await #expect(throws: Enough.self) { try await session.step { _ in throw Enough() } }
    #expect(throws: SessionError.self) { try session.gradient(of: model.x, as: Double.self) }
    let told = Told([:])
    try await session.step(whenReady: note(told))
    #expect(told.withLock { $0.count } == 2)
  }

  /// Whoever owns the arrays need not be the session's owner, nor of no actor.
  private actor Owner {
    let model: Model, session: Session
    private var output = [Double](repeating: .nan, count: 2_000), gradient = [Double](repeating: .nan, count: 2_000)

    init(_ model: Model, _ session: Session) { (self.model, self.session) = (model, session) }

    func step() async throws -> [[Double]] {
      var (output, gradient) = (output, gradient)
      let values = Model.values
      try await session.lending(values.span, asInput: model.x) {
        // A span cannot be captured by a closure that awaits, the array that it is of can.
        var target = output.mutableSpan
        try await session.lending(&target, asOutput: model.y) {
          var downstream = gradient.mutableSpan
          try await session.lending(&downstream, asGradientOf: model.x) {
            try await session.forward()
            try await session.backward()
          }
        }
      }
      (self.output, self.gradient) = (output, gradient)
      return [output, gradient]
    }
  }

  @Test(arguments: [1, 2]) func `lent memory has the bits of written values, in an actor too`(width: Int) async throws {
    let model = try Model()
    let expected = try model.expected()
    let session = model.program.makeSession(on: try GraphExecutor(width: width))
    let owner = Owner(model, session)
    for _ in 0..<3 { #expect(try await owner.step() == Array(expected[..<2])) }
    #expect(try session.gradient(of: model.w, as: Double.self) == expected[2])
    await #expect(throws: SessionError.self) { try await session.forward() }
    #expect(throws: SessionError.self) { try session.read(model.y, as: Double.self) }
  }

  @Test func `a loan ends with the error of its closure, and is refused where the synchronous one is`() async throws {
    struct Enough: Error {}
    let model = try Model()
    let session = model.program.makeSession()
    let values = Model.values
    await #expect(throws: Enough.self) {
      try await session.lending(values.span, asInput: model.x) {
        await Task.yield()
        throw Enough()
      }
    }
    await #expect(throws: SessionError.self) {
      try await session.lending(values.span, asInput: model.w) { await Task.yield() }
    }
    await #expect(throws: SessionError.self) {
      try await session.lending(values.span.extracting(1...), asInput: model.x) { await Task.yield() }
    }
    try session.write(values, to: model.x)
    try await session.step()
  }

  @Test func `a loan that ends awaits whoever still uses the session`() async throws {
    let model = try Model()
    let session = model.program.makeSession()
    try session.write(Model.values, to: model.x)
    try await session.step()
    let isReading = Guarded(false), hasEnded = Guarded(false), mayEnd = DispatchSemaphore(value: 0)
    let read = { @Sendable in
      try? session.withValues(of: model.loss, as: Double.self) { _ in
        isReading.withLock { $0 = true }
        mayEnd.wait()
      }
    }
    let loan = Task {
      let values = Model.values
      try await session.lending(values.span, asInput: model.x) {
        DispatchQueue.global().async { read() }
        while !isReading.withLock({ $0 }) { await Task.yield() }
      }
      hasEnded.withLock { $0 = true }
    }
    while !isReading.withLock({ $0 }) { await Task.yield() }
    for _ in 0..<1_000 { await Task.yield() }
    #expect(!hasEnded.withLock { $0 })
    mayEnd.signal()
    try await loan.value
    #expect(hasEnded.withLock { $0 })
  }

  @Test func `a traced step has the bits of any other, on any executor`() async throws {
    let model = try Model()
    let expected = try model.expected()
    for executor in [try GraphExecutor(width: 2), SeededExecutor(seed: 5)] as [any ScheduleExecutor] {
      let session = model.program.makeSession(on: executor)
      try session.write(Model.values, to: model.x)
      let trace = try await session.trace()
      #expect(trace.units.count == model.program.unitCount)
      #expect(trace.units.allSatisfy { $0.end >= $0.start } && trace.units.contains { $0.nanoseconds > 0 })
      #expect(try session.gradient(of: model.x, as: Double.self) == expected[1])
      let cancelled = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await session.trace(.forward)
      }
      await #expect(throws: CancellationError.self) { try await cancelled.value }
    }
  }

  @Test func `the first value that is not finite is found, until the task is cancelled`() async throws {
    let graph = Graph()
    let x = graph.input("x")
    let f = sqrt(log(x).named("logarithm")).named("root")
    for executor in [try GraphExecutor(width: 1), SeededExecutor(seed: 5)] as [any ScheduleExecutor] {
      let session = try Program(f, gradientsFor: [x]).makeSession(on: executor)
      try session.write(0.5, to: x)
      #expect(try await session.firstNonFinite()?.nodeName == "root")
      #expect(throws: SessionError.self) { try session.read(f) }
      let cancelled = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await session.firstNonFinite()
      }
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      try session.write(2, to: x)
      #expect(try await session.firstNonFinite() == nil)
      #expect(try session.read(f).isFinite)
    }
  }

  @Test func `calls that wait hold no thread of Swift's pool`() async throws {
    let graph = Graph(), door = Door()
    let x = graph.input("x", [2])
    let program = try Program(graph.apply(Passing(door: door), to: [x]).sum(), gradientsFor: [x])
    let count = 3 * (min(ProcessInfo.processInfo.activeProcessorCount, 12) + 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        let executor: any ScheduleExecutor = try number % 2 == 0 ? GraphExecutor(width: 1) : SeededExecutor(seed: 1)
        let session = program.makeSession(on: executor)
        try session.write([1.0, 2], to: x)
        group.addTask {
          switch number % 3 {
          case 0: _ = try await session.trace()
          case 1: #expect(try await session.firstNonFinite() == nil)
          default: try await session.step { _ in }
          }
        }
      }
      // The pool has as many threads as there are processors: were they held, nobody would get here.
      while !door.isPassed(by: count) { try await Task.sleep(for: .milliseconds(1)) }
      door.open()
      try await group.waitForAll()
    }
    #expect(!door.wasForced)
  }
}

/// Where kernels wait until it is opened; nobody waits for ever.
private final class Door: Sendable {
  private let state = Guarded((waiting: 0, isOpen: false, wasForced: false))

  func isPassed(by count: Int) -> Bool { state.withLock { $0.waiting >= count || $0.isOpen } }
  func open() { state.withLock { $0.isOpen = true } }
  var wasForced: Bool { state.withLock { $0.wasForced } }

  func pass() {
    state.withLock { $0.waiting += 1 }
    // A quarter of an hour: calls may wait for all tests that began before them.
    for _ in 0..<900_000 {
      if state.withLock({ $0.isOpen }) { return }
      usleep(1_000)
    }
    state.withLock { ($0.isOpen, $0.wasForced) = (true, true) }
  }
}

/// y = x, through a door.
private struct Passing: Gate {
  static let name = "passing"
  let door: Door

  static func == (left: Passing, right: Passing) -> Bool { left.door === right.door }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(door)) }

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { [door] arguments in
      door.pass()
      let x = try arguments.input(0, as: Float.self), y = try arguments.output(as: Float.self)
      for i in 0..<x.count { y[i] = x[i] }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}
