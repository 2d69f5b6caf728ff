import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// Casts in programs: values, gradients, and what is refused.
@Suite(.timeLimit(.minutes(20))) struct CastTests {
  static let pairs = ElementType.allCases.flatMap { from in ElementType.allCases.map { (from, $0) } }
  static let floats = ElementType.allCases.filter(\.isDifferentiable)

  /// Numbers that types differ about, those of an integer type as it has them.
  private static func numbers(_ type: ElementType, count: Int = 4_099) -> [Double] {
    let some = [0, -0.0, 0.5, 1.5, -2.5, 3.75, 1e-7, 65_519, 65_520, 1e10, -3e9, 1e39, -.infinity, .infinity, .nan]
    return (0..<count).map { index in
      let number = some[index % some.count] * (1 + Double(index / some.count) * 0x1p-9)
      return type.lacks(number) ? Double(index % 2) : type.rounded(number)
    }
  }

  @Test(arguments: pairs) func `a program casts as the definition says, at any width, cut or whole`(
    from: ElementType, to: ElementType
  ) throws {
    let graph = Graph(), values = Self.numbers(from)
    let x = graph.input("x", [values.count], from)
    let scalar = graph.input("scalar", [], from)
    let y = x.cast(to: to), single = scalar.cast(to: to)
    #expect(y.elementType == to && y.shape == x.shape && (y == x) == (from == to))
    let feed = [
      x: ReferenceTensor(x.shape, from, values), scalar: ReferenceTensor([], from, [from.rounded(1.5)]),
    ]
    let expected = try ReferenceEngine(graph).run(feeding: feed)
    for (width, division) in [(1, nil), (2, Division.finest), (3, .finest)] as [(Int, Division?)] {
      var options = Program.Options()
      options.division = division
      let session = try Program([y, single], options: options).makeSession(on: GraphExecutor(width: width))
      for (node, value) in feed { try session.write(value, to: node) }
      try session.forward()
      for node in [y, single] {
        let value = try #require(expected[node])
        #expect(try session.referenceValue(of: node).firstDifference(from: value) == nil, "width \(width)")
      }
    }
  }

  @Test(arguments: pairs) func `a constant is cast when it is compiled as when it is run`(
    from: ElementType, to: ElementType
  ) throws {
    let graph = Graph(), values = Self.numbers(from, count: 60)
    let x = graph.input("x", [60], from)
    let folded = graph.constant(doubles: values, [60], from).cast(to: to), run = x.cast(to: to)
    let repeated = graph.constant(1, [60], from).cast(to: to)
    let program = try Program([folded, run, repeated])
    // Also what no double has, as the greatest int64.
    #expect(program.plan.calls.count { $0 is CastCall } == (from == to ? 0 : 1))
    let session = program.makeSession()
    try session.write(values, to: x)
    try session.forward()
    let (one, other) = (try session.referenceValue(of: folded), try session.referenceValue(of: run))
    #expect(one.firstDifference(from: other) == nil)
    #expect(try session.doubles(of: repeated) == [Double](repeating: 1, count: 60))
  }

  // MARK: gradients

  @Test(arguments: pairs.filter { $0.0.isDifferentiable && $0.1.isDifferentiable })
  func `a gradient is cast back, forward a tangent is cast`(from: ElementType, to: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [5], from)
    // Numbers that each type has exactly, so that every order of rounding gives the same.
    let values = [0.5, -1, 1.5, 2, -0.25]
    let y = x.cast(to: to).cast(to: .float64)
    let loss = (y * y).sum()
    let gradient = try #require(try graph.gradients(of: [loss], withRespectTo: [x])[0])
    #expect(gradient.elementType == from && gradient.shape == x.shape)
    let direction = graph.constant(doubles: [1, 2, 0, -1, 4], [5], from)
    let tangent = try #require(
      try graph.jacobianVectorProduct(of: [loss], along: [direction], withRespectTo: [x])[0])
    let session = try Program([loss, gradient, tangent]).makeSession()
    try session.write(values, to: x)
    try session.forward()
    #expect(try session.doubles(of: gradient) == values.map { 2 * $0 })
    #expect(try session.doubles(of: tangent) == [2 * (0.5 - 2 - 2 - 1)])
  }

  @Test(arguments: floats) func `gradients of several readers are added, whatever the type`(type: ElementType) throws {
    let graph = Graph()
    let x = graph.parameter("x", [3, 2], .values([1, 2, 3, 4, 5, 6] as [Float]), type)
    let rows = graph.constant([0, 2, 2, 2] as [Int32], [4])
    let readers = [
      x, x.transposed().transposed(), x.sliced(1..<3), concatenate([x, x], axis: 1), x.gatheringRows(rows),
      x.broadcast(to: [4, 3, 2]), x.reshaped([6]),
    ]
    let loss = readers.map { $0.cast(to: .float64).sum() }.reduce(graph.constant(0, [], .float64), +)
    let program = try Program(loss, gradientsFor: [x])
    for width in [1, 2] {
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.step()
      // x, its transpose and its elements in a row once each, twice side by side, four times; row 2 thrice.
      #expect(try session.gradientDoubles(of: x) == [10, 10, 10, 10, 13, 13])
    }
    // The tangent moves as the sum does, also of a variable that another one moves.
    let twin = x.reshaped([6])
    let ones = graph.constant(1, [3, 2], type)
    let tangent = try #require(
      try graph.jacobianVectorProduct(
        of: [twin], along: [ones, graph.constant(2, [6], type)], withRespectTo: [x, twin])[0])
    let session = try Program(tangent).makeSession()
    try session.forward()
    #expect(try session.doubles(of: tangent) == [3, 3, 3, 3, 3, 3] && tangent.elementType == type)
  }

  @Test(arguments: floats) func `a scalar of any floating-point type is differentiated from 1`(type: ElementType) throws
  {
    let graph = Graph()
    let x = graph.parameter("x", [], .constant(3), type)
    let y = x.cast(to: .float64).cast(to: type)
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.step()
    #expect(try session.read(y) == 3 && session.gradient(of: x) == 1)
    try session.writeUpstream(doubles: [0.5], of: y)
    try session.write(2, to: x)
    try session.step()
    #expect(try session.read(y) == 2 && session.gradient(of: x) == 0.5)
    // Each element of a Jacobian is such a lane.
    let table = graph.input("table", [2, 2], type)
    let jacobian = try graph.jacobian(of: table.cast(to: .float32).cast(to: type), withRespectTo: table)
    let other = try Program(jacobian).makeSession()
    try other.forward()
    #expect(try other.doubles(of: jacobian) == (0..<16).map { $0 % 5 == 0 ? 1 : 0 } && jacobian.elementType == type)
  }

  @Test func `no gradient passes through an integer`() throws {
    for type in ElementType.allCases where !type.isDifferentiable {
      let graph = Graph()
      let x = graph.input("x", [2]), y = x.cast(to: type).cast(to: .float32).sum()
      #expect(try graph.gradients(of: [y], withRespectTo: [x]) == [nil])
      let error = #expect(throws: GraphError.self) { try graph.gradient(of: y, withRespectTo: x) }
      #expect(error?.description.contains("the gate cast passes none on") == true)
      #expect(try graph.jacobianVectorProduct(of: [y], along: [x], withRespectTo: [x]) == [nil])
      let whole = x.cast(to: type)
      let integer = #expect(throws: GraphError.self) { try graph.gradients(of: [whole], withRespectTo: [x]) }
      #expect(integer?.kind == .notDifferentiable)
    }
  }

  // MARK: scans

  @Test func `a step casts integers`() throws {
    let graph = Graph()
    let labels = graph.input("labels", [4], .int32), weight = graph.parameter("weight", [], .constant(2), .float64)
    let sums = graph.scan(over: labels, from: graph.constant(0, [], .float64)) { sum, label in
      let next = sum + weight * label.cast(to: .float64)
      return (next, next)
    }
    let session = try Program(sums.state, gradientsFor: [weight]).makeSession()
    try session.write([1, 2, -3, 4] as [Int32], to: labels)
    try session.step()
    #expect(try session.read(sums.state) == 8 && session.gradient(of: weight) == 4)
  }
}
