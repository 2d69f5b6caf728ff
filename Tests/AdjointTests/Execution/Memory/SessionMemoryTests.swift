import Adjoint
import DependencyScheduling
import Dispatch
import Testing

/// The memory that a session takes, keeps, accounts for and is refused.
@Suite(.timeLimit(.minutes(20))) struct SessionMemoryTests {
  @Test func `reserved memory is all that runs take, keeps what was fed and forgets what was computed`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 14]), w = graph.parameter("w", [1 << 14], .ones)
    let y = tanh(x * w) * x
    let program = try Program(y.sum(), gradientsFor: [x, w], alsoComputing: [y])
    let session = program.makeSession()
    try session.reserveMemory()
    #expect(session.memory.allocated == program.sessionBytes)
    #expect(throws: SessionError.self) { try session.step() }  // nothing is fed
    let values = (0..<1 << 14).map { Float($0 % 7) }
    try session.write(values, to: x)
    try session.step()
    let gradient = try session.gradient(of: w, as: Float.self)
    try session.reserveMemory()
    #expect(throws: SessionError.self) { try session.read(y, as: Float.self) }
    try session.step()
    #expect(try session.gradient(of: w, as: Float.self) == gradient)
    #expect(session.memory.peak == program.sessionBytes)
    #expect(throws: SessionError.self) { try program.makeSession(memoryLimit: 1 << 10).reserveMemory() }
  }

  @Test func `reserving memory keeps a written upstream gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let y = x * x
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    try session.writeUpstream([1, 10, 100] as [Float], of: y)
    try session.reserveMemory()
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [2, 40, 600])
  }

  @Test(arguments: [[], [1], [1, 1], [17]] as [Shape], [ElementType.float32, .float64])
  func `the upstream gradient of a scalar alone is 1 until it is written`(shape: Shape, type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", shape, type)
    let y = x * x
    let program = try Program([y, y], gradientsFor: [x])
    let session = program.makeSession()
    func values(_ value: Double) -> [Double] { [Double](repeating: value, count: shape.elementCount) }
    func write(_ value: Double, to body: ([Double], [Float]) throws -> Void) rethrows {
      try body(values(value), values(value).map { Float($0) })
    }
    func expectGradient(_ expected: Double) throws {
      try session.step()
      let gradient =
        try type == .float64
        ? session.gradient(of: x, as: Double.self) : session.gradient(of: x, as: Float.self).map { Double($0) }
      #expect(gradient == values(expected), "\(shape) \(type)")
    }
    try write(3) { try type == .float64 ? session.write($0, to: x) : session.write($1, to: x) }
    if shape == .scalar {
      try expectGradient(12)
    } else {
      for _ in 0..<2 {
        let error = #expect(throws: SessionError.self) { try session.step() }
        guard case .missingUpstream = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        try write(1) {
          try type == .float64
            ? session.writeUpstream($0, ofOutputAt: 0) : session.writeUpstream($1, ofOutputAt: 0)
        }
      }
    }
    // Before the first run, and after it; one output or both.
    let fresh = program.makeSession()
    for session in [session, fresh] {
      try write(3) { try type == .float64 ? session.write($0, to: x) : session.write($1, to: x) }
      try write(5) {
        try type == .float64 ? session.writeUpstream($0, of: y) : session.writeUpstream($1, of: y)
      }
      try write(2) {
        try type == .float64 ? session.writeUpstream($0, ofOutputAt: 1) : session.writeUpstream($1, ofOutputAt: 1)
      }
      for _ in 0..<2 {
        try session.step()
        let gradient =
          try type == .float64
          ? session.gradient(of: x, as: Double.self) : session.gradient(of: x, as: Float.self).map { Double($0) }
        #expect(gradient == values(42), "\(shape) \(type)")
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64], [[], [1]] as [Shape])
  func `a parameter of one element is read anew by each run, all of its bits`(type: ElementType, shape: Shape) throws {
    let graph = Graph()
    let x = graph.input("x", [17], type)
    let w = graph.parameter("w", shape, .constant(1 / 3), type)
    let y = w * x
    let session = try Program(y).makeSession()
    func expect<T: GraphScalar & BinaryFloatingPoint>(_: T.Type) throws {
      try session.write([T](repeating: 1, count: 17), to: x)
      for value in [T(1) / 3, T(1) / 7, -T(1) / 9] {
        if value != T(1) / 3 { try session.write([value], to: w) }
        try session.forward()
        #expect(try session.read(y, as: T.self) == [T](repeating: value, count: 17))
      }
    }
    try type == .float64 ? expect(Double.self) : expect(Float.self)
  }

  @Test func `the accounts can be read while another thread trims`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 12])
    let session = try Program(tanh(sin(x)).sum(), gradientsFor: [x]).makeSession(on: GraphExecutor(width: 1))
    try session.write([Float](repeating: 1, count: 1 << 12), to: x)
    try session.step()
    let most = session.memory.allocated
    DispatchQueue.concurrentPerform(iterations: 2) { worker in
      for _ in 0..<200 {
        if worker == 0 {
          try? session.trimMemory()
          try? session.step()
        } else {
          #expect(session.memory.allocated <= 2 * most)
        }
      }
    }
  }

  @Test func `a backward pass that is refused memory leaves the forward pass as it is`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64])
    let weights = (0..<3).map { graph.parameter("w\($0)", [64, 64], .glorotNormal(seed: UInt64($0))) }
    let loss = weights.reduce(x) { tanh($0.matmul($1)) }.sum()
    let program = try Program(loss, gradientsFor: weights)
    let session = program.makeSession(memoryLimit: program.sessionBytes - 1)
    try session.write([Float](repeating: 1, count: 1 << 12), to: x)
    try session.forward()
    let (value, held) = try (session.read(loss), session.memory.allocated)
    for _ in 0..<3 {
      let refused = #expect(throws: SessionError.self) { try session.backward() }
      guard case .memoryLimit = refused else {
        Issue.record("not a memory limit: \(String(describing: refused))")
        return
      }
      #expect(try session.read(loss) == value && session.memory.allocated == held)
    }
    try session.forward()
  }

  @Test func `a parameter that memory cannot hold is named`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [1 << 24, 1 << 22])
    let session = try Program(w.sum()).makeSession()
    let error = #expect(throws: SessionError.self) { try session.forward() }
    guard case .memoryLimit(let node, let requested, _, _) = error else {
      Issue.record("not a memory limit: \(String(describing: error))")
      return
    }
    #expect(node == "the parameter w" && requested == 1 << 48)
  }

  @Test func `an output that shows a parameter has memory of its own`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2, 2], .values([1, 2, 3, 4] as [Float]))
    let shown = w.reshaped([4]), kept = stopGradient(w)
    let session = try Program(w.sum(), alsoComputing: [shown, kept, w]).makeSession()
    try session.forward()
    try session.withValues(of: shown, as: Float.self) { values in
      try session.withMutableValues(of: w, as: Float.self) { $0[0] = 7 }
      #expect(values[0] == 1)
    }
    #expect(
      try session.read(shown, as: Float.self) == [1, 2, 3, 4] && session.read(kept, as: Float.self) == [1, 2, 3, 4])
    #expect(try session.read(w, as: Float.self) == [7, 2, 3, 4])
    try session.forward()
    #expect(try session.read(shown, as: Float.self) == [7, 2, 3, 4])
  }

  @Test func `memory statistics count what a run takes, and the limit is an error that names a node`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 16])
    var y = x
    for _ in 0..<4 { y = sin(y) * cos(y) }
    let program = try Program(y.sum(), gradientsFor: [x])
    let session = program.makeSession()
    let values = [Float](repeating: 1, count: 1 << 16)
    try session.write(values, to: x)
    try session.step()
    let peak = session.memory.peak
    #expect(session.memory.allocated >= 2 << 18)  // x and its gradient
    #expect(peak == session.memory.allocated)  // a run's memory is kept for the next
    try session.trimMemory()
    session.resetPeakMemory()
    #expect(session.memory.peak < peak)
    #expect(session.memory.allocated < 3 << 18)
    let limited = program.makeSession(memoryLimit: peak - (1 << 18))
    try limited.write(values, to: x)
    for _ in 0..<3 {
      let error = #expect(throws: SessionError.self) { try limited.step() }
      guard case .memoryLimit(let node, let requested, let inUse, let limit) = error else {
        Issue.record("not a memory limit: \(String(describing: error))")
        return
      }
      #expect(node.contains("[65536] float32, made at"))
      #expect(requested == 1 << 18)
      #expect(inUse + requested > limit && limit == peak - (1 << 18))
      #expect(limited.memory.allocated <= 3 << 18)  // the run's own values are given back
    }
    let enough = program.makeSession(memoryLimit: peak)
    try enough.write(values, to: x)
    try enough.step()
    let tiny = program.makeSession(memoryLimit: 1_000)
    #expect(throws: SessionError.self) { try tiny.write(values, to: x) }
  }
}
