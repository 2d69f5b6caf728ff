import Adjoint
import DependencyScheduling
import Dispatch
import Foundation
import StressScale
import Testing

/// Runs that read and write memory of the caller's.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 20)) struct LoanTests {
  static let count = 20_000

  private struct Model {
    let graph = Graph()
    let x: Node, w: Node, y: Node, loss: Node
    init(_ count: Int = LoanTests.count) {
      x = graph.input("x", [count], .float64)
      w = graph.parameter("w", [count], .values([Double](repeating: 0.5, count: count)), .float64)
      y = tanh(x * w) + x
      loss = log(exp(y).sum())
    }
    func session(width: Int = 1) throws -> Session {
      let program = try Program([loss], gradientsFor: [x, w], alsoComputing: [y])
      return program.makeSession(on: try GraphExecutor(width: width))
    }
  }

  private struct Results: Equatable {
    let loss: Double
    let y: [Double], dx: [Double], dw: [Double]
    init(_ session: Session, _ model: Model) throws {
      loss = try session.read(model.loss)
      y = try session.read(model.y, as: Double.self)
      dx = try session.gradient(of: model.x, as: Double.self)
      dw = try session.gradient(of: model.w, as: Double.self)
    }
  }

  private let values = (0..<Self.count + 1).map { Double($0 % 97) / 97 - 0.4 }

  private func missing(_ session: Session) -> Bool {
    do {
      try session.forward()
      return false
    } catch SessionError.missingInput { return true } catch { return false }
  }

  @Test(arguments: [1, 2, 3]) func `a lent input gives the bits of a written one, wherever it lies`(width: Int) throws {
    let model = Model()
    let written = try model.session(width: width), lent = try model.session(width: width)
    for start in [0, 1] {
      let input = Array(values[start..<start + Self.count])
      try written.write(input, to: model.x)
      try written.step()
      let expected = try Results(written, model)
      try lent.lending(values.span.extracting(start..<start + Self.count), asInput: model.x) {
        #expect(try lent.read(model.x, as: Double.self) == input)
        try lent.forward()
        try lent.backward()
        #expect(try Results(lent, model) == expected)
        try lent.step()
      }
      #expect(try Results(lent, model) == expected)
    }
  }

  @Test func `a lent input is fed for as long as the closure runs`() throws {
    let model = Model(3)
    let session = try model.session()
    #expect(missing(session))
    try session.write([1, 2, 3] as [Double], to: model.x)
    let other: [Double] = [4, 5, 6]
    try session.lending(other.span, asInput: model.x) {
      let write = #expect(throws: SessionError.self) { try session.write([1, 2, 3] as [Double], to: model.x) }
      #expect(write?.description.hasSuffix("reads lent memory: write it afterwards") == true)
      let twice = #expect(throws: SessionError.self) { try session.lending(other.span, asInput: model.x) {} }
      #expect(twice?.description.hasSuffix("is lent memory already") == true)
      try session.forward()
    }
    let stale = #expect(throws: SessionError.self) { try session.backward() }
    #expect(stale?.description.hasPrefix("backward needs a forward pass of the values as they are") == true)
    #expect(missing(session))
    try session.write([1, 2, 3] as [Double], to: model.x)
    try session.step()
    #expect(other == [4, 5, 6])
  }

  @Test func `what does not fit is refused with name, shape and line`() throws {
    let model = Model(3)
    let session = try model.session()
    func refusal(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return "none"
    }
    let two: [Double] = [1, 2], singles: [Float] = [1, 2, 3], three: [Double] = [1, 2, 3]
    let short = refusal { try session.lending(two.span, asInput: model.x) {} }
    #expect(short.contains("x [3] float64, made at AdjointTests/LoanTests.swift:"))
    #expect(short.hasSuffix("has 3 values, the lent memory 2"))
    #expect(refusal { try session.lending(singles.span, asInput: model.x) {} }.hasSuffix("holds float64, not float32"))
    #expect(
      refusal { try session.lending(three.span, asInput: model.w) {} }.hasSuffix(
        "is no input: only inputs read lent memory"))
    #expect(
      refusal { try session.lending(three.span, asInput: Model().x) {} }.contains("belongs to another graph"))
    var target = three
    var span = target.mutableSpan
    #expect(refusal { try session.lending(&span, asOutput: model.x) {} }.hasSuffix("is no output: it is not computed"))
    #expect(refusal { try session.lending(&span, asGradientOf: model.y) {} }.contains("computes no gradient of"))
    try session.write(three, to: model.x)
    try session.step()
  }

  @Test(arguments: [1, 2]) func `results are written to lent memory, with the same bits`(width: Int) throws {
    let model = Model()
    let session = try model.session(width: width)
    try session.write(Array(values.dropLast()), to: model.x)
    try session.step()
    let expected = try Results(session, model)
    var y = [Double](repeating: 7, count: Self.count + 1), dx = y
    do {
      var whole = y.mutableSpan, gradient = dx.mutableSpan
      var output = whole.extracting(1..<Self.count + 1)
      var downstream = gradient.extracting(1..<Self.count + 1)
      try session.lending(&output, asOutput: model.y) {
        #expect(throws: SessionError.self) { try session.read(model.y, as: Double.self) }
        try session.lending(&downstream, asGradientOf: model.x) {
          try session.step()
          #expect(try Results(session, model) == expected)
        }
        #expect(try session.read(model.y, as: Double.self) == expected.y)
      }
    }
    #expect(y[0] == 7 && Array(y[1...]) == expected.y)
    #expect(dx[0] == 7 && Array(dx[1...]) == expected.dx)
    let gone = #expect(throws: SessionError.self) { try session.read(model.y, as: Double.self) }
    #expect(gone?.description.hasSuffix("was written to lent memory: read it there, or run again") == true)
    #expect(throws: SessionError.self) { try session.gradient(of: model.x, as: Double.self) }
    #expect(try session.gradient(of: model.w, as: Double.self) == expected.dw)
    #expect(try session.read(model.loss) == expected.loss)
    try session.step()
    #expect(try Results(session, model) == expected)
  }

  @Test func `a gradient can be lent memory between forward and backward, an output cannot`() throws {
    let model = Model(3)
    let session = try model.session()
    try session.write([1, 2, 3] as [Double], to: model.x)
    try session.step()
    let expected = try Results(session, model)
    var target: [Double] = [0, 0, 0]
    try session.forward()
    do {
      var span = target.mutableSpan
      try session.lending(&span, asGradientOf: model.x) { try session.backward() }
    }
    #expect(target == expected.dx)
    try session.forward()
    do {
      var span = target.mutableSpan
      try session.lending(&span, asOutput: model.y) {
        #expect(throws: SessionError.self) { try session.backward() }
        try session.forward()
        try session.backward()
      }
    }
    #expect(target == expected.y)
    #expect(try session.gradient(of: model.x, as: Double.self) == expected.dx)
  }

  @Test func `results without memory of their own are copied`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2]), y = graph.input("y", [2, 2])
    let both = x + y
    let shown = both.reshaped([4]), sum = both.sum()
    let session = try Program([sum], gradientsFor: [x, y], alsoComputing: [both, shown]).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: y)
    var four: [Float] = [0, 0, 0, 0], one: [Float] = [0], gradient = four
    let lent: [Float] = [5, 6, 7, 8]
    try session.lending(lent.span, asInput: x) {
      var four = four.mutableSpan, one = one.mutableSpan, gradient = gradient.mutableSpan
      try session.lending(&four, asOutput: shown) {
        try session.lending(&one, asOutput: sum) {
          try session.lending(&gradient, asGradientOf: x) { try session.step() }
        }
      }
    }
    #expect(four == [6, 8, 10, 12] && one == [36] && gradient == [1, 1, 1, 1])
    #expect(try session.read(shown, as: Float.self) == four && session.read(both, as: Float.self) == four)
    #expect(try session.gradient(of: y, as: Float.self) == [1, 1, 1, 1])
  }

  @Test func `a loan that ends while another thread reads waits for it`() throws {
    let model = Model(3)
    let session = try model.session()
    let isReading = DispatchSemaphore(value: 0), isRead = DispatchSemaphore(value: 0)
    let other = DispatchQueue(label: "reader")
    let lent: [Double] = [1, 2, 3], hasEnded = Guarded(false)
    try session.lending(lent.span, asInput: model.x) {
      try session.forward()
      other.async {
        try? session.withValues(of: model.y, as: Double.self) { values in
          isReading.signal()
          _ = isRead.wait(timeout: .now() + .milliseconds(20))
          #expect(values[0] != 0 && !hasEnded.withLock { $0 })
        }
        isRead.signal()
      }
      isReading.wait()
    }
    hasEnded.withLock { $0 = true }
    isRead.wait()
    #expect(missing(session))
  }

  @Test func `a loan that ends while another thread runs waits for it`() throws {
    let graph = Graph(), gate = Gatekeeping()
    let x = graph.input("x", [4])
    let y = graph.apply(gate, to: [x])
    let session = try Program(y).makeSession(on: GraphExecutor(width: 1))
    let isDone = DispatchSemaphore(value: 0)
    var values: [Float] = [1, 2, 3, 4]
    try session.lending(values.span, asInput: x) {
      DispatchQueue(label: "runner").async {
        do { try session.forward() } catch { Issue.record(error) }
        isDone.signal()
      }
      gate.hasBegun.wait()
      DispatchQueue(label: "opener").asyncAfter(deadline: .now() + .milliseconds(20)) { gate.mayEnd.signal() }
    }
    values = [0, 0, 0, 0]
    isDone.wait()
    #expect(try session.read(y, as: Float.self) == [1, 2, 3, 4])
    #expect(missing(session))
  }

  @Test(arguments: [1, 2]) func `loans begin and end beside writers on other threads`(width: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [64]), other = graph.input("other", [64])
    let y = x * other
    let session = try Program([y], gradientsFor: [x]).makeSession(on: GraphExecutor(width: width))
    let ones = [Float](repeating: 1, count: 64)
    try session.write(ones, to: other)
    try session.writeUpstream(ones, of: y)
    let rounds = StressScale.repetitions(200)
    let isOver = Guarded(false), ends = Guarded(0)
    let writers = DispatchGroup()
    for writer in 0..<3 {
      DispatchQueue.global().async(group: writers) {
        // Each of these is refused at times, and at times is what the end of a loan waits for.
        while !isOver.withLock({ $0 }) {
          switch writer {
          case 0: try? session.write(ones, to: other)
          case 1: try? session.writeUpstream(ones, of: y)
          default:
            try? session.trimMemory()
            _ = try? session.read(other, as: Float.self)
          }
          usleep(20)  // so that the loans come in, and other tests' threads
        }
      }
    }
    defer { isOver.withLock { $0 = true } }
    var target = [Float](repeating: 0, count: 64)
    for round in 1...rounds {
      let lent = [Float](repeating: Float(round), count: 64)
      var span = target.mutableSpan
      var hasRun = false, refusals = 0
      // What begins may be refused, for a writer is at work; what has begun ends.
      while !hasRun {
        do {
          try session.lending(lent.span, asInput: x) {
            try session.lending(&span, asOutput: y) {
              try session.forward()
              hasRun = true
            }
          }
        } catch SessionError.busy {
          refusals += 1
          try #require(refusals < 100_000, "the loan of round \(round) is refused for ever")
        }
      }
      ends.withLock { $0 += 1 }
      #expect(target == lent)
    }
    isOver.withLock { $0 = true }
    writers.wait()
    #expect(ends.withLock { $0 } == rounds)
    #expect(missing(session))
  }

  @Test func `a single number is lent, too`() throws {
    func expectSquare<T: GraphScalar & BinaryFloatingPoint>(of value: T, _ type: ElementType) throws {
      for shape in [[], [1], [1, 1]] as [Shape] {
        let graph = Graph()
        let x = graph.input("x", shape, type)
        let f = square(x).sum()
        let session = try Program(f, gradientsFor: [x]).makeSession()
        let lent = [value]
        try session.lending(lent.span, asInput: x) { try session.step() }
        #expect(try session.read(f, as: T.self) == [value * value], "\(shape) \(type)")
        #expect(try session.gradient(of: x, as: T.self) == [2 * value], "\(shape) \(type)")
        #expect(missing(session))
      }
    }
    try expectSquare(of: 3 as Float, .float32)
    try expectSquare(of: 3.25 + 0x1p-30, .float64)  // bits in both halves
    let graph = Graph()
    let index = graph.input("index", [], .int32)
    let session = try Program(index.advanced(by: 1)).makeSession()
    try session.lending(([-5] as [Int32]).span, asInput: index) { try session.forward() }
  }

  @Test func `a failed or cancelled run and a closure that throws end a loan as any other`() throws {
    struct Own: Error {}
    let model = Model()
    let session = try model.session()
    let input = Array(values.dropLast())
    let token = CancellationToken()
    token.cancel()
    for number in 0..<2 {
      #expect(throws: (any Error).self) {
        try session.lending(input.span, asInput: model.x) {
          if number == 0 { throw Own() } else { try session.step(cancellation: token) }
        }
      }
      #expect(missing(session))
    }
    try session.write(input, to: model.x)
    try session.step()
    let expected = try Results(session, model)
    try session.lending(input.span, asInput: model.x) { try session.step() }
    #expect(try Results(session, model) == expected)
  }

  @Test func `memory can be reserved and trimmed while some is lent`() throws {
    let model = Model()
    let session = try model.session()
    let input = Array(values.dropLast())
    var dx = input
    do {
      var target = dx.mutableSpan
      try session.lending(input.span, asInput: model.x) {
        try session.lending(&target, asGradientOf: model.x) {
          try session.reserveMemory()
          try session.step()
          try session.trimMemory()
          #expect(try session.firstNonFinite() == nil)
          try session.step()
        }
      }
    }
    #expect(input == Array(values.dropLast()))
    try session.write(input, to: model.x)
    try session.step()
    #expect(try session.gradient(of: model.x, as: Double.self) == dx)
  }
}

/// y = x, once it is let through.
private struct Gatekeeping: Gate {
  static let name = "gatekeeping"
  let hasBegun = DispatchSemaphore(value: 0), mayEnd = DispatchSemaphore(value: 0)
  static func == (left: Gatekeeping, right: Gatekeeping) -> Bool { left.hasBegun === right.hasBegun }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(hasBegun)) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      hasBegun.signal()
      mayEnd.wait()
      _ = try arguments.output(as: Float.self).update(from: arguments.input(0, as: Float.self))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
}
