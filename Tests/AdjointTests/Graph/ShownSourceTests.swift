import Adjoint
import DependencyScheduling
import Testing

/// What the last run computed stays readable until the next one, also where it is an input in other clothes.
@Suite(.timeLimit(.minutes(20))) struct ShownSourceTests {
  @Test(arguments: [1, 2]) func `an output that shows an input keeps what the run has read`(width: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2]), s = graph.input("s", [], .float64), labels = graph.input("labels", [4], .int32)
    let shown = [
      x, x.reshaped([4]), stopGradient(x), stopGradient(x.reshaped([4])).reshaped([1, 4]), x.reshaped([2, 2]),
    ]
    let shownScalars = [s, s.reshaped([1]), stopGradient(s), stopGradient(s.reshaped([1])).reshaped([])]
    let shownLabels = [labels, labels.reshaped([2, 2])]
    let sum = x.sum()
    let program = try Program([sum], gradientsFor: [x], alsoComputing: shown + shownScalars + shownLabels)
    let session = program.makeSession(on: try GraphExecutor(width: width))
    func write(_ number: Int) throws {
      try session.write((0..<4).map { Float(10 * number + $0) }, to: x)
      try session.write(Double(number), to: s)
      try session.write((0..<4).map { Int32(100 * number + $0) }, to: labels)
    }
    func expectRun(_ number: Int, _ location: Testing.SourceLocation = #_sourceLocation) throws {
      for node in shown {
        #expect(
          try session.read(node, as: Float.self) == (0..<4).map { Float(10 * number + $0) }, sourceLocation: location)
        let last = try session.withValues(of: node, as: Float.self) { $0[3] }
        #expect(last == Float(10 * number + 3), sourceLocation: location)
      }
      #expect(try shownScalars.map { try session.read($0) } == [Double](repeating: Double(number), count: 4))
      for node in shownLabels {
        let expected = (0..<4).map { Int32(100 * number + $0) }
        #expect(try session.read(node, as: Int32.self) == expected, sourceLocation: location)
      }
    }
    try write(1)
    #expect(try session.read(x, as: Float.self) == [10, 11, 12, 13])  // nothing has run yet: what was fed
    #expect(throws: SessionError.self) { try session.read(shown[1], as: Float.self) }
    try session.step()
    try expectRun(1)
    try write(2)
    try expectRun(1)
    try session.forward()
    try expectRun(2)
    try write(3)
    try expectRun(2)
    try session.trimMemory()
    try expectRun(2)
    // Lent memory is fed as well, and goes away.
    let lent: [Float] = [40, 41, 42, 43], other: [Float] = [50, 51, 52, 53]
    try session.lending(lent.span, asInput: x) {
      #expect(try session.read(shown[1], as: Float.self) == [20, 21, 22, 23])
      try session.forward()
    }
    try session.lending(other.span, asInput: x) {
      let values = try shown.map { try session.read($0, as: Float.self) }
      #expect(values == [[Float]](repeating: lent, count: shown.count))
    }
    for node in shown { #expect(try session.read(node, as: Float.self) == lent) }
    try write(6)
    var target: [Float] = [0, 0, 0, 0]
    do {
      var span = target.mutableSpan
      try session.lending(&span, asOutput: shown[0]) {
        try session.forward()
        try write(7)
      }
    }
    #expect(target == [60, 61, 62, 63])
    #expect(try session.read(shown[2], as: Float.self) == [60, 61, 62, 63])
  }

  @Test func `a gradient that is its upstream keeps what the run has read`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2]), s = graph.input("s")
    let flat = x.reshaped([4])
    let session = try Program([flat, x, s], gradientsFor: [x, flat, s]).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: x)
    try session.write(1, to: s)
    func writeUpstreams(_ number: Float) throws {
      try session.writeUpstream([Float](repeating: number, count: 4), of: flat)
      try session.writeUpstream([Float](repeating: 10 * number, count: 4), of: x)
      try session.writeUpstream([100 * number], of: s)
    }
    func expectRun(_ number: Float, _ location: Testing.SourceLocation = #_sourceLocation) throws {
      #expect(try session.gradient(of: flat, as: Float.self)[3] == number, sourceLocation: location)
      #expect(try session.gradient(of: x, as: Float.self)[3] == 11 * number, sourceLocation: location)
      #expect(try session.gradient(of: s) == Double(100 * number), sourceLocation: location)
    }
    try writeUpstreams(1)
    try session.step()
    try writeUpstreams(2)
    try expectRun(1)
    try session.forward()
    try session.backward { gradient in
      if gradient.variable == flat {
        let first = try gradient.withValues(as: Float.self) { $0[0] }
        #expect(first == 2)
      }
    }
    try writeUpstreams(3)
    try expectRun(2)
  }

  @Test func `a gradient that is an input keeps what the run has read`() throws {
    let graph = Graph()
    let x = graph.input("x", [3]), y = graph.input("y", [3]), w = graph.parameter("w", [3], .ones)
    let plain = graph.apply(PassesSecond(), to: [x, y])
    let weighed = graph.apply(PassesSecond(), to: [y, w])
    let session = try Program([plain.sum(), weighed.sum()], gradientsFor: [x, y]).makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    try session.write([4, 5, 6] as [Float], to: y)
    try session.step()
    try session.write([7, 7, 7] as [Float], to: y)
    try session.write([7, 7, 7] as [Float], to: w)
    #expect(try session.gradient(of: x, as: Float.self) == [4, 5, 6])
    #expect(try session.gradient(of: y, as: Float.self) == [1, 1, 1])
  }

  @Test func `an output that shows a parameter keeps the value from before the step that changes it`() throws {
    let graph = Graph()
    let w = graph.parameter("w", [2], .values([1, 2] as [Float])), b = graph.parameter("b", [], .constant(5))
    let shown = w.reshaped([1, 2]), kept = stopGradient(b)
    let program = try Program(
      w.sum(), alsoComputing: [shown, kept, w, b],
      updating: [ParameterUpdate(w, to: w * 10), ParameterUpdate(b, to: b + 1)])
    let session = program.makeSession()
    try session.step()
    #expect(try session.read(shown, as: Float.self) == [1, 2] && session.read(w, as: Float.self) == [10, 20])
    #expect(try session.read(kept) == 5 && session.read(b) == 6)
    try session.step()
    #expect(try session.read(shown, as: Float.self) == [10, 20] && session.read(w, as: Float.self) == [100, 200])
  }

  @Test func `a report has the numbers of the last run`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let shown = stopGradient(x).named("shown")
    let session = try Program(square(x), alsoComputing: [shown]).makeSession()
    try session.write(3, to: x)
    try session.forward()
    let before = session.report().split(separator: "\n").first { $0.hasPrefix("shown") }
    try session.write(4, to: x)
    #expect(session.report().split(separator: "\n").first { $0.hasPrefix("shown") } == before)
    #expect(before?.contains("3") == true)
  }

  @Test func `only what shows an input takes memory for it`() throws {
    let graph = Graph()
    let x = graph.input("x", [1 << 12])
    let y = sin(x), flat = y.reshaped([64, 64])
    let plain = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y])
    let shaped = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y, flat])
    let shown = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y, x.reshaped([64, 64])])
    #expect(shaped.sessionBytes == plain.sessionBytes)
    #expect(shown.sessionBytes == plain.sessionBytes + 4 << 12)
  }
}

/// y = x₀; its pullback gives the second operand to the first, whatever comes from upstream.
private struct PassesSecond: ElementwiseGate {
  static let name = "passesSecond"
  func value(_ x: ElementOperands) -> Double { x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [node.inputs[1], nil] }
}
