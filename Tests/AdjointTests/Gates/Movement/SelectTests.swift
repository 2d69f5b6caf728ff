import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// Elements of any type are selected: values to the bit, gradients, conditions of another type, and what is refused.
@Suite(.timeLimit(.minutes(20))) struct SelectTests {
  static let floats = ElementType.allCases.filter(\.isDifferentiable)

  /// Selects by conditions of the same type: as they are, repeated, and in blocks that end anywhere.
  private func check<T: GraphScalar>(
    _ values: [T], zeros: Set<Int>, _ bits: (T) -> UInt64, _ location: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let count = values.count, length = 1_031
    func row(_ first: Int, _ step: Int) -> [T] { (0..<length).map { values[(first + $0 * step) % count] } }
    let graph = Graph(), type = T.elementType
    let condition = graph.input("condition", [length], type), column = graph.input("column", [count, 1], type)
    let a = graph.input("a", [length], type), b = graph.input("b", [length], type)
    let one = graph.input("one", [], type)
    let whole = select(condition, a, b), repeated = select(column, a, one)
    #expect(whole.elementType == type && repeated.shape == [count, length])
    let program = try Program([whole, repeated])
    for width in [1, 2] {
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.write(row(0, 1), to: condition)
      try session.write(row(1, 3), to: a)
      try session.write(row(2, 5), to: b)
      try session.write(values, to: column)
      try session.write([values[1]], to: one)
      try session.forward()
      let (taken, other) = (row(1, 3), row(2, 5))
      let expected = (0..<length).map { bits(zeros.contains($0 % count) ? other[$0] : taken[$0]) }
      let selected = try session.read(whole, as: T.self).map(bits)
      #expect(selected == expected, sourceLocation: location)
      let rows = (0..<count).flatMap { row in
        (0..<length).map { bits(zeros.contains(row) ? values[1] : taken[$0]) }
      }
      let spread = try session.read(repeated, as: T.self).map(bits)
      #expect(spread == rows, sourceLocation: location)
    }
  }

  @Test func `elements of every type are selected to the bit, and only a zero is false`() throws {
    let (nan, payload) = (Float.nan, Float(bitPattern: 0x7fc1_2345))
    try check([0, -0.0, nan, payload, 1, .leastNonzeroMagnitude] as [Float], zeros: [0, 1]) { UInt64($0.bitPattern) }
    try check([0, -0.0, .nan, -.infinity, 1, .leastNonzeroMagnitude] as [Double], zeros: [0, 1]) { $0.bitPattern }
    try check([0, 1, -1, .min, .max, 1 << 16] as [Int32], zeros: [0]) { UInt64(bitPattern: Int64($0)) }
    // A double has none of the last two, and a float would take the one before for another.
    try check([0, 1, .min, 1 << 32, 1 << 53 + 1, .max] as [Int64], zeros: [0]) { UInt64(bitPattern: $0) }
    try check([false, true, true, false, true], zeros: [0, 3]) { $0 ? 1 : 0 }
    let halves: [UInt16] = [0, 0x8000, 0x7e01, 0xfc00, 1, 0x8001, 0x3c00]
    try check(halves.map { BFloat16(bitPattern: $0) }, zeros: [0, 1]) { UInt64($0.bitPattern) }
    #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
      try check(halves.map { Float16(bitPattern: $0) }, zeros: [0, 1]) { UInt64($0.bitPattern) }
    #endif
  }

  @Test(arguments: ElementType.allCases) func `a condition is of any type, and not 0 as it has it`(type: ElementType)
    throws
  {
    // Cast to an integer, a half would be 0.
    let numbers = type.isDifferentiable ? [0, -0.0, 0.5, .nan, -2, .infinity] : [0, 0, 1, 1, -2, 7]
    let isTaken = [false, false, true, true, true, true]
    for branches in ElementType.allCases {
      let graph = Graph()
      let condition = graph.input("condition", [6], type)
      let a = graph.input("a", [6], branches), b = graph.input("b", [], branches)
      let y = select(condition, a, b)
      let session = try Program(y).makeSession()
      try session.write(ReferenceTensor([6], type, numbers), to: condition)
      try session.write(ReferenceTensor([6], branches, [1, 1, 1, 0, 1, 1]), to: a)
      try session.write(ReferenceTensor([], branches, [0]), to: b)
      try session.forward()
      let expected = zip(isTaken, [1.0, 1, 1, 0, 1, 1]).map { $0 ? $1 : 0 }
      #expect(try session.doubles(of: y) == expected && y.elementType == branches, "\(branches)")
    }
  }

  @Test(arguments: floats) func `each branch gets the gradient where it was taken, and a zero elsewhere`(
    type: ElementType
  ) throws {
    let graph = Graph()
    let condition = graph.input("condition", [2, 1], .bool)
    let a = graph.input("a", [2, 3], type), b = graph.input("b", [3], type)
    let y = select(condition, a, b)
    let weights = graph.constant(doubles: [1, 2, 4, -8, 16, 0.5], [2, 3], .float64)
    let loss = (weights * y.cast(to: .float64)).sum()
    let gradients = try graph.gradients(of: [loss], withRespectTo: [a, b]).map { try #require($0) }
    let directions = [graph.constant(1, [2, 3], type), graph.constant(-1, [3], type)]
    let tangent = try #require(
      try graph.jacobianVectorProduct(of: [y], along: directions, withRespectTo: [a, b])[0])
    #expect(gradients.map(\.elementType) == [type, type] && tangent.elementType == type)
    let feed = [
      condition: ReferenceTensor([2, 1], .bool, [0, 1]), a: ReferenceTensor([2, 3], type, [.nan, 1, 2, 3, 4, 5]),
      b: ReferenceTensor([3], type, [6, 7, 8]),
    ]
    let expected = try ReferenceEngine(graph).run(feeding: feed)
    let session = try Program(gradients + [tangent, y]).makeSession()
    for (node, value) in feed { try session.write(value, to: node) }
    try session.forward()
    #expect(try session.doubles(of: gradients[0]) == [0, 0, 0, -8, 16, 0.5])
    #expect(try session.doubles(of: gradients[1]) == [1, 2, 4])
    #expect(try session.doubles(of: tangent) == [-1, -1, -1, 1, 1, 1])
    for node in gradients + [tangent] {
      let value = try #require(expected[node])
      #expect(try session.referenceValue(of: node).firstDifference(from: value) == nil)
    }
  }

  @Test func `branches of two types are refused with both`() throws {
    let graph = Graph()
    let condition = graph.input("condition", [3], .bool)
    let a = graph.input("a", [3], .int64), b = graph.input("b", [3], .int32)
    let line: UInt = #line + 1
    let y = select(condition, a, b)
    let error = #expect(throws: GraphError.self) { try Program(y) }
    #expect(error?.description.contains("element types differ: int64 and int32") == true)
    #expect(error.map { "\($0.location)".hasSuffix(":\(line)") } == true)
  }
}
