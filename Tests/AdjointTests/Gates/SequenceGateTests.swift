import Adjoint
import AdjointTesting
import Testing

/// Gates along one axis, and what they say to operands that do not fit.
@Suite(.timeLimit(.minutes(20))) struct SequenceGateTests {
  private func run(_ outputs: [Node], _ feed: (Session) throws -> Void) throws -> Session {
    let session = try Program(outputs).makeSession()
    try feed(session)
    try session.forward()
    return session
  }

  @Test func `taps of a weighting shift the whole memory, batch by batch`() throws {
    let graph = Graph()
    let weights = graph.input("weights", [2, 5]), shift = graph.input("shift", [2, 3])
    let shared = graph.input("shared", [3])
    let y = circularConvolution(weights, shift, origin: 1), z = circularConvolution(weights, shared, origin: 1)
    let session = try run([y, z]) {
      try $0.write([1, 0, 0, 0, 0, 0, 0, 0.5, 0, 0.5] as [Float], to: weights)
      try $0.write([0.25, 0.5, 0.25, 0, 0, 1] as [Float], to: shift)
      try $0.write([1, 0, 0] as [Float], to: shared)
    }
    #expect(try session.read(y, as: Float.self) == [0.5, 0.25, 0, 0, 0.25, 0.5, 0, 0, 0.5, 0])
    #expect(try session.read(z, as: Float.self) == [0, 0, 0, 0, 1, 0, 0.5, 0, 0.5, 0])
  }

  @Test func `the gradient of taps that all rows share is the sum over the rows`() throws {
    let graph = Graph()
    let circle = graph.input("circle", [3, 2, 4], .float64), taps = graph.input("taps", [3], .float64)
    let y = circularConvolution(circle, taps, origin: 2)
    let values = [
      circle: ReferenceTensor([3, 2, 4], .float64, (0..<24).map { Double(($0 * 7) % 11) / 4 - 1 }),
      taps: ReferenceTensor([3], .float64, [0.3, -1, 2]),
    ]
    for verdict in try GradientChecker().check(y, withRespectTo: [circle, taps], at: values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `running sums go along any axis from either end`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let outputs = [
      x.cumulativeSum(), x.cumulativeSum(axis: 0), x.cumulativeSum(fromTheEnd: true),
      x.cumulativeSum(axis: -2, fromTheEnd: true),
    ]
    let session = try run(outputs) { try $0.write([1, 2, 3, 4, 5, 6] as [Float], to: x) }
    let expected: [[Float]] = [
      [1, 3, 6, 4, 9, 15], [1, 2, 3, 5, 7, 9], [6, 5, 3, 15, 11, 6], [5, 7, 9, 4, 5, 6],
    ]
    #expect(try outputs.map { try session.read($0, as: Float.self) } == expected)
  }

  @Test func `an argmax names classes, and one-hot rows name them back`() throws {
    let graph = Graph()
    let scores = graph.input("scores", [2, 3], .float64)
    let best = scores.argmax(), tallest = scores.argmax(axis: 0)
    let rows = oneHot(best, classes: 3, .float64)
    #expect(best.elementType == .int32 && best.shape == [2] && tallest.shape == [3])
    let session = try run([best, tallest, rows]) { try $0.write([0.1, 0.7, 0.2, 5, 0.3, 0.2], to: scores) }
    #expect(try session.read(best, as: Int32.self) == [1, 0])
    #expect(try session.read(tallest, as: Int32.self) == [1, 0, 0])
    #expect(try session.read(rows, as: Double.self) == [0, 1, 0, 1, 0, 0])
  }

  @Test func `no gradient passes an argmax, and the error says where it stops`() {
    let graph = Graph()
    let scores = graph.input("scores", [2, 3]), table = graph.input("table", [3, 4])
    let looked = table.gatheringRows(scores.argmax().named("best"))
    let error = #expect(throws: GraphError.self) { try Program(looked.sum(), gradientsFor: [scores]) }
    #expect(error?.kind == .noGradientPath)
    #expect(error?.description.contains("no gradient reaches scores [2, 3] float32") == true)
  }

  @Test func `an embedding's row read twice gets both gradients, and a row that is not there is named`() throws {
    let graph = Graph()
    let words = graph.input("words", [3], .int32), table = graph.input("table", [4, 2])
    let vectors = table.gatheringRows(words).named("vectors")
    let session = try Program(vectors, gradientsFor: [table]).makeSession()
    try session.write([0, 1, 10, 11, 20, 21, 30, 31] as [Float], to: table)
    try session.writeUpstream([1, 2, 3, 4, 5, 6] as [Float], of: vectors)
    try session.write([2, 0, 2] as [Int32], to: words)
    try session.step()
    #expect(try session.read(vectors, as: Float.self) == [20, 21, 0, 1, 20, 21])
    #expect(try session.gradient(of: table, as: Float.self) == [3, 4, 0, 0, 6, 8, 0, 0])
    try session.write([2, 4, 2] as [Int32], to: words)
    let error = #expect(throws: SessionError.self) { try session.step() }
    #expect(error?.description.contains("vectors") == true)
    #expect(error?.description.contains("index 4 at position 1 is not in 0..<4") == true)
  }

  @Test(arguments: [
    (0, "a circle of 4 elements has room for 1 to 4 taps, got 5"), (1, "the origin 3 is none of the 3 taps"),
    (2, "a circle of shape [2, 4] and taps of shape [3, 3] differ in front of their last axis"),
    (3, "a circle of shape [] and taps of shape [3] differ in front of their last axis"),
    (4, "axis 2 does not exist in a value of shape [2, 4]"), (5, "axis -3 does not exist in a value of shape [2, 4]"),
    (6, "argmax has no kernel for int32"), (7, "labels are int32, got [\"float32\"]"),
    (8, "an extent of 0 holds no element"), (9, "cumulativeSum has no kernel for int32"),
    (10, "integers are added, got float32"), (11, "the operands' element types differ: float32 and float64"),
  ]) func `what does not fit is refused with a sentence and the line`(mistake: Int, sentence: String) {
    let graph = Graph()
    let x = graph.input("x", [2, 4]), three = graph.input("three", [3]), labels = graph.input("labels", [2], .int32)
    let bad =
      switch mistake {
      case 0: circularConvolution(x, graph.input("taps", [5]))
      case 1: circularConvolution(x, three, origin: 3)
      case 2: circularConvolution(x, graph.input("taps", [3, 3]))
      case 3: circularConvolution(x.sum(), three)
      case 4: x.cumulativeSum(axis: 2)
      case 5: x.argmax(axis: -3)
      case 6: labels.argmax()
      case 7: oneHot(x, classes: 3)
      case 8: oneHot(labels, classes: 0)
      case 9: labels.cumulativeSum()
      case 10: x.advanced(by: 1)
      default: circularConvolution(x, graph.input("taps", [2, 3], .float64))
      }
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "no error")")
    #expect(error?.description.contains("SequenceGateTests.swift:") == true)
  }
}
