import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// A NaN or an infinity planted in each pass and each kind of unit is told with its node, its element and its pass.
@Suite(.timeLimit(.minutes(20))) struct NonFiniteLawTests {
  private func options(_ division: Division? = nil) -> Program.Options {
    var options = Program.Options()
    options.measuresCosts = false
    options.division = division
    if division != nil { options.unitWork = 0 }
    return options
  }

  private func expect(
    _ session: Session, _ name: String, element: Int, backwardOf: String? = nil, includingInfinity: Bool = false,
    _ location: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let found = try session.firstNonFinite(includingInfinity: includingInfinity)
    #expect(found?.nodeName == name, sourceLocation: location)
    #expect(found?.element == element, sourceLocation: location)
    #expect(found?.backwardOf == backwardOf, sourceLocation: location)
    #expect(found?.value.isFinite == false, sourceLocation: location)
  }

  /// A place in a vector, its last vectors and its tail.
  private static let places = [0, 1, 15, 2_499, 4_997, 4_998]

  @Test(arguments: 0..<4, places) func `a gate anywhere in a chain, at any element`(position: Int, place: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [4_999], .float64)
    var y = x
    // tanh keeps the sign; what comes behind a NaN is one too.
    for gate in 0..<4 { y = gate == position ? log(y).named("bad") : tanh(y) }
    for fuses in [true, false] {
      var options = options()
      options.fusesElementwise = fuses
      let session = try Program(y, options: options).makeSession()
      var values = [Double](repeating: 0.5, count: 4_999)
      try session.write(values, to: x)
      #expect(try session.firstNonFinite() == nil)
      values[place] = -0.5
      try session.write(values, to: x)
      try expect(session, "bad", element: place)
    }
  }

  @Test(arguments: 0..<4, [ElementType.float32, .float64])
  func `a gate anywhere in a run of scalars`(position: Int, type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [], type)
    var y = x
    for gate in 0..<4 { y = gate == position ? log(y).named("bad") : tanh(y) }
    let session = try Program(y, options: options()).makeSession()
    try session.write(0.5, to: x)
    #expect(try session.firstNonFinite() == nil)
    try session.write(-0.5, to: x)
    try expect(session, "bad", element: 0)
    // −∞ is one of the infinities.
    try session.write(0, to: x)
    #expect(try session.firstNonFinite() == nil || position == 0)
    if position == 3 {
      try expect(session, "bad", element: 0, includingInfinity: true)
      #expect(try session.firstNonFinite(includingInfinity: true)?.value == -.infinity)
    }
  }

  @Test(arguments: [nil, .finest] as [Division?]) func `an element of any part of a product`(division: Division?) throws
  {
    let graph = Graph()
    let x = graph.input("x", [48, 16]), w = graph.constant([Float](repeating: 1, count: 16 * 24), [16, 24])
    let product = x.matmul(w).named("product")
    let session = try Program(square(product * 1e-30), options: options(division)).makeSession()
    for row in [0, 1, 23, 46, 47] {
      var values = [Float](repeating: 1, count: 48 * 16)
      for column in 0..<16 { values[row * 16 + column] = 3e38 }
      try session.write(values, to: x)
      #expect(try session.firstNonFinite() == nil)
      try expect(session, "product", element: row * 24, includingInfinity: true)
    }
  }

  @Test(arguments: [0, 1, 2], [0, 1, 63, 64, 99])
  func `any result of a scan, at any step`(result: Int, step: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [100, 3], .float64)
    let run = graph.scan(over: [x], from: [graph.constant([1.0, 1, 1], [3])]) { state, elements in
      // What reads no state is computed before the scan.
      let root = sqrt(elements[0] * state[0])
      let others = result == 2 ? square(elements[0]) : square(elements[0] * state[0])
      let next = result == 2 ? 0.5 * state[0] + 0.5 * root : 0.5 * state[0] + 0.5
      return (state: [next], outputs: [result == 0 ? root : others, result == 1 ? root : others + 1])
    }
    let values = (0..<300).map { $0 == step * 3 + 1 ? -1.0 : 1 }
    let session = try Program(run.outputs + run.state, options: options()).makeSession()
    try session.write([Double](repeating: 1, count: 300), to: x)
    #expect(try session.firstNonFinite() == nil)
    try session.write(values, to: x)
    // A state is told by what it is in the end.
    let found = try #require(try session.firstNonFinite())
    #expect(found.element == (result == 2 ? 1 : step * 3 + 1) && found.value.isNaN, "\(found)")
  }

  @Test(arguments: places) func `a slope of the backward pass, with the node whose it is`(place: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [4_999], .float64)
    let squared = square(x).named("squared")
    let root = sqrt(squared).named("root")
    let session = try Program(root.sum(), gradientsFor: [x], options: options()).makeSession()
    var values = [Double](repeating: 1, count: 4_999)
    values[place] = 0
    try session.write(values, to: x)
    // The root's slope is infinite, its product with the square's slope of 0 is none.
    let infinite = try #require(try session.firstNonFinite(includingInfinity: true))
    #expect(infinite.backwardOf == "root" && infinite.element == place && infinite.value == .infinity, "\(infinite)")
    #expect(infinite.location == root.location)
    // Times the square's slope of 0 it is none.
    let product = try #require(try session.firstNonFinite())
    #expect(product.backwardOf == "squared" && product.element == place && product.value.isNaN, "\(product)")
    values[place] = 1
    try session.write(values, to: x)
    #expect(try session.firstNonFinite(includingInfinity: true) == nil)
    #expect(try session.gradient(of: x, as: Double.self) == values, "what was looked at can be read")
  }

  @Test func `a tangent is of no backward pass`() throws {
    let graph = Graph()
    let x = graph.input("x", [3], .float64)
    let root = sqrt(x).named("root")
    let tangent = try graph.jacobianVectorProduct(
      of: [root], along: [graph.constant([1.0, 1, 1], [3])], withRespectTo: [x])[0]!
    let session = try Program(tangent, options: options()).makeSession()
    try session.write([1.0, 4, 0], to: x)
    let found = try #require(try session.firstNonFinite(includingInfinity: true))
    #expect(found.backwardOf == nil && found.element == 2 && found.value == .infinity)
    #expect(!found.description.contains("backward"))
  }

  @Test func `a new value of a parameter, which keeps its present one`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let w = graph.parameter("w", [3], .ones), v = graph.parameter("v", [], .constant(2))
    let next = log(w - x).named("next")
    let f = (w * x).sum()
    let session = try Program(
      f, updating: [ParameterUpdate(w, to: next), ParameterUpdate(v, to: v + 1)], options: options()
    ).makeSession()
    try session.write([0, 0.5, 2] as [Float], to: x)
    try expect(session, "next", element: 2)
    #expect(try session.read(w, as: Float.self) == [1, 1, 1] && session.read(v, as: Float.self) == [2])
    #expect(throws: SessionError.self) { try session.read(f, as: Float.self) }
    try session.write([0, 0, 0] as [Float], to: x)
    #expect(try session.firstNonFinite() == nil)
    #expect(
      try session.read(w, as: Float.self) == [1, 1, 1] && session.read(v, as: Float.self) == [2],
      "looking changes no parameter")
    try session.step()
    #expect(try session.read(w, as: Float.self) == [0, 0, 0] && session.read(v, as: Float.self) == [3])
  }

  @Test func `what is fed and what a parameter holds, at any element`() throws {
    let graph = Graph()
    let x = graph.input("x", [17]), w = graph.parameter("w", [17], .ones)
    let program = try Program(minimum(x * w, graph.constant(1)).sum(), options: options())
    for (node, name) in [(x, "x"), (w, "w")] {
      for place in [0, 8, 16] {
        for special in [Float.nan, .infinity, -.infinity] {
          let session = program.makeSession()
          try session.write([Float](repeating: 1, count: 17), to: x)
          try session.write((0..<17).map { $0 == place ? special : 1 }, to: node)
          if !special.isNaN { #expect(try session.firstNonFinite()?.nodeName != name) }
          try expect(session, name, element: place, includingInfinity: true)
        }
      }
    }
  }

  @Test(arguments: [1 << 10, 1 << 17]) func `a sum of any length`(count: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [count])
    let sum = x.sum().named("sum")
    let session = try Program(minimum(sum, graph.constant(1)), options: options(.finest)).makeSession()
    for place in [0, count / 2, count - 10] {
      try session.write((0..<count).map { place <= $0 && $0 < place + 10 ? 3e38 : 1 as Float }, to: x)
      try expect(session, "sum", element: 0, includingInfinity: true)
    }
  }

  @Test(arguments: InspectedKind.allCases) func `where every value is a number, nothing is found, and nothing changes`(
    kind: InspectedKind
  ) throws {
    let session = try kind.session(on: GraphExecutor.shared)
    let parameters = session.program.endpoints.parameters.map { Node(graph: session.program.graph, id: $0.node) }
    _ = try session.firstNonFinite()
    let before = try parameters.map { try session.referenceValue(of: $0) }
    #expect(try session.firstNonFinite(includingInfinity: true) == nil)
    for (node, value) in zip(parameters, before) { #expect(try session.referenceValue(of: node) == value) }
    let output = Node(graph: session.program.graph, id: session.program.endpoints.outputs[0])
    let found = try session.referenceValue(of: output)
    try session.forward()
    #expect(try session.referenceValue(of: output).isIdentical(to: found))
  }
}
