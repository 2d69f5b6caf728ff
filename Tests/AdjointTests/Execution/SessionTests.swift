import Adjoint
import DependencyScheduling
import Dispatch
import Testing
import VirtualExecution

/// What a session holds between runs: inputs, results, parameters, claims.
@Suite(.timeLimit(.minutes(20))) struct SessionTests {
  private struct Line {
    let graph = Graph()
    let x: Node, w: Node, b: Node, y: Node
    init() {
      x = graph.input("x", [3])
      w = graph.parameter("w", [3], .values([1, 2, 3] as [Float]))
      b = graph.parameter("b", [], .constant(0.5))
      y = (w * x).sum() + b
    }
    func session(parameters: ParameterStore = ParameterStore()) throws -> Session {
      let session = try Program(y, gradientsFor: [w, b]).makeSession(parameters: parameters)
      try session.write([1, 1, 1] as [Float], to: x)
      return session
    }
  }

  @Test func `arrays and spans reach the same values`() throws {
    let line = Line()
    let session = try line.session()
    try session.withMutableValues(of: line.x, as: Float.self) { span in
      for index in span.indices { span[index] = Float(index) }
    }
    #expect(try session.read(line.x, as: Float.self) == [0, 1, 2])
    try session.step()
    #expect(try session.read(line.y) == 8.5)
    #expect(try session.withValues(of: line.y, as: Float.self) { $0[0] } == 8.5)
    #expect(try session.withGradient(of: line.w, as: Float.self) { $0.count } == 3)
    #expect(try session.gradient(of: line.w, as: Float.self) == [0, 1, 2])
    #expect(try session.gradient(of: line.b) == 1)
  }

  @Test func `integer labels are fed as Int32`() throws {
    let graph = Graph()
    let table = graph.parameter("table", [3, 2], .values([1, 2, 3, 4, 5, 6] as [Float]))
    let rows = graph.input("rows", [2, 2], .int32)
    let picked = table.gatheringRows(rows)
    let session = try Program(picked.sum(), gradientsFor: [table], alsoComputing: [picked]).makeSession()
    try session.write([2, 0, 2, 2] as [Int32], to: rows)
    try session.step()
    #expect(try session.read(rows, as: Int32.self) == [2, 0, 2, 2])
    #expect(try session.read(picked, as: Float.self) == [5, 6, 1, 2, 5, 6, 5, 6])
    #expect(try session.gradient(of: table, as: Float.self) == [1, 1, 0, 0, 3, 3])
    let counter = graph.input("counter", [], .int32)
    let counting = try Program(counter.advanced(by: 1), alsoComputing: [counter]).makeSession()
    try counting.write(7, to: counter)
    #expect(try counting.read(counter) == 7)
  }

  @Test func `a parameter starts from its initializer and keeps what is written`() throws {
    let line = Line()
    let session = try line.session()
    #expect(try session.read(line.w, as: Float.self) == [1, 2, 3])
    #expect(try session.read(line.b) == 0.5)
    try session.write([0, 0, 1] as [Float], to: line.w)
    try session.write(-1, to: line.b)
    try session.forward()
    #expect(try session.read(line.y) == 0)
    try session.forward()
    #expect(try session.read(line.w, as: Float.self) == [0, 0, 1])
  }

  @Test func `sessions of different programs share parameters by name`() throws {
    let line = Line()
    let training = try line.session()
    let other = Graph()
    let w = other.parameter("w", [3], .zeros),
      serving = try Program(w.max()).makeSession(parameters: training.parameters)
    try serving.forward()
    #expect(try serving.read(w, as: Float.self) == [0, 0, 0])  // whoever comes first makes it
    try serving.write([4, 7, 5] as [Float], to: w)
    try training.step()
    #expect(try training.read(line.y) == 16.5)
    try training.write([1, 1, 2] as [Float], to: line.w)
    try serving.forward()
    #expect(try serving.read(w, as: Float.self) == [1, 1, 2])
    #expect(training.parameters.names == ["b", "w"])
  }

  @Test func `a parameter of another shape under the same name is refused, again and again`() throws {
    let line = Line()
    let training = try line.session()
    try training.step()
    let other = Graph()
    let w = other.parameter("w", [4])
    let session = try Program(w.max()).makeSession(parameters: training.parameters)
    for _ in 0..<3 {
      let error = #expect(throws: SessionError.self) { try session.forward() }
      #expect(
        error?.description == "the parameter store holds w as [3] float32, and the program wants [4] float32")
    }
  }

  @Test func `backward needs a forward pass of the values as they are`() throws {
    let line = Line()
    let session = try line.session()
    func expectRefusal(_ sentence: String, _ location: Testing.SourceLocation = #_sourceLocation) {
      let error = #expect(throws: SessionError.self, sourceLocation: location) { try session.backward() }
      #expect(error?.description == sentence, sourceLocation: location)
    }
    let stale = "backward needs a forward pass of the values as they are: run forward first"
    expectRefusal(stale)
    try session.forward()
    try session.backward()
    expectRefusal(stale)  // its values are consumed
    try session.forward()
    try session.write([2, 2, 2] as [Float], to: line.x)
    expectRefusal(stale)
    try session.forward()
    try session.write([1, 1, 1] as [Float], to: line.w)
    expectRefusal("parameters were written since the forward pass: run forward again")
    try session.forward()
    try session.writeUpstream([3] as [Float], of: line.y)  // changes no value that forward kept
    try session.backward()
    #expect(try session.gradient(of: line.w, as: Float.self) == [6, 6, 6])
  }

  @Test func `another session's write of a shared parameter makes a forward pass stale`() throws {
    let line = Line()
    let first = try line.session()
    let second = try line.session(parameters: first.parameters)
    try first.forward()
    try second.write([9, 9, 9] as [Float], to: line.w)
    let error = #expect(throws: SessionError.self) { try first.backward() }
    #expect(error?.description == "parameters were written since the forward pass: run forward again")
    try first.forward()
    #expect(try first.read(line.y) == 27.5)
  }

  @Test func `results are refused before they are computed`() throws {
    let line = Line()
    let session = try line.session()
    let output = #expect(throws: SessionError.self) { try session.read(line.y, as: Float.self) }
    #expect(output?.description.hasSuffix("is not computed yet: run forward or step") == true)
    try session.forward()
    let gradient = #expect(throws: SessionError.self) { try session.gradient(of: line.w, as: Float.self) }
    #expect(gradient?.description == "the gradient of w is not computed yet: run backward or step")
    try session.backward()
    #expect(try session.gradient(of: line.b) == 1)
    try session.forward()  // whose gradients are another matter
    #expect(throws: SessionError.self) { try session.gradient(of: line.w, as: Float.self) }
  }

  @Test func `a session does one thing at a time`() throws {
    let line = Line()
    let session = try line.session()
    try session.step()
    try session.withValues(of: line.y, as: Float.self) { _ in  // held open
      #expect(throws: SessionError.self) { try session.step() }
      #expect(throws: SessionError.self) { try session.write([0, 0, 0] as [Float], to: line.x) }
      #expect((try? session.read(line.y, as: Float.self).count) == 1)  // readers may be many
    }
    try session.withMutableValues(of: line.x, as: Float.self) { _ in
      let error = #expect(throws: SessionError.self) { try session.forward() }
      #expect(error?.description == "the session is in use: it does one thing at a time")
      #expect(throws: SessionError.self) { try session.read(line.y, as: Float.self) }
    }
    try session.step()
  }

  @Test func `a run reads the parameters it began with, whatever is written meanwhile`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2], .ones)
    let inside = Callback()
    let y = graph.apply(Calling(callback: inside), to: [w]).sum()
    let session = try Program(y).makeSession()
    let other = try Program(w * 2).makeSession(parameters: session.parameters)
    inside.set {
      #expect(throws: Never.self) { try other.write([5, 5] as [Float], to: w) }
      #expect((try? other.read(w, as: Float.self)) == [5, 5])
      #expect(throws: SessionError.self) { try session.forward() }  // this session is running
    }
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [2])
    inside.set {}
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [10])
    try other.withMutableValues(of: w, as: Float.self) { values in
      (values[0], values[1]) = (7, 7)
      try session.forward()
      #expect(try session.read(y, as: Float.self) == [10])  // until this returns
    }
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [14])
  }

  @Test func `asynchronous runs give what synchronous ones give`() async throws {
    let line = Line()
    let session = try line.session()
    try await session.forward()
    try await session.backward()
    #expect(try session.read(line.y) == 6.5)
    #expect(try session.gradient(of: line.b) == 1)
    try await session.step()
    #expect(try session.read(line.y) == 6.5)
  }

  @Test func `asynchronous runs on any executor leave Swift's pool and end with their task`() async throws {
    let graph = Graph(), first = Callback(), second = Callback()
    let x = graph.input("x", [1])
    let y = graph.apply(Calling(callback: second), to: [graph.apply(Calling(callback: first), to: [x])])
    let session = try Program(y).makeSession(on: SeededExecutor(seed: 1))
    try session.write([2] as [Float], to: x)
    let isOnTask = Guarded(false)
    second.set { if withUnsafeCurrentTask(body: { $0 != nil }) { isOnTask.withLock { $0 = true } } }
    try await session.forward()
    #expect(try session.read(y) == 2 && !isOnTask.withLock { $0 })

    let isCancelled = DispatchSemaphore(value: 0), wentOn = Guarded(false)
    first.set { isCancelled.wait() }
    second.set { wentOn.withLock { $0 = true } }
    let task = Task { try await session.forward() }
    task.cancel()
    isCancelled.signal()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!wentOn.withLock { $0 })
    first.set {}
    try await session.forward()
  }

  @Test func `a cancelled token stops a run, and the next run is whole`() throws {
    let line = Line()
    let session = try line.session()
    let token = CancellationToken()
    token.cancel()
    #expect(throws: CancellationError.self) { try session.step(cancellation: token) }
    #expect(throws: SessionError.self) { try session.read(line.y, as: Float.self) }
    try session.step()
    #expect(try session.read(line.y) == 6.5)
  }
}

/// What a gate calls while it runs.
private final class Callback: Sendable {
  private let body = Guarded<@Sendable () -> Void>({})
  func set(_ new: @escaping @Sendable () -> Void) { body.withLock { $0 = new } }
  func call() { body.withLock { $0 }() }
}

private struct Calling: Gate {
  static let name = "calling"
  let callback: Callback
  static func == (left: Calling, right: Calling) -> Bool { left.callback === right.callback }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(callback)) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      callback.call()
      _ = try arguments.output(as: Float.self).update(from: arguments.input(0, as: Float.self))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}
