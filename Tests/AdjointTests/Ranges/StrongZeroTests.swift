import Adjoint
import AdjointTesting
import Testing

/// Where no gradient flows none comes out, whatever the slope is.
@Suite(.timeLimit(.minutes(20))) struct StrongZeroTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let point: Double
    let function: @Sendable (Node) -> Node
  }

  private static func isAbove(_ bound: Double, _ x: Node) -> Node {
    greater(x, x.graph.constant(bound, [], x.elementType))
  }
  private static func isBelow(_ bound: Double, _ x: Node) -> Node {
    greater(x.graph.constant(bound, [], x.elementType), x)
  }
  private static func zero(_ x: Node) -> Node { x.graph.constant(0, [], x.elementType) }

  /// Functions that are constant around the point, by way of one whose slope is infinite or NaN there.
  static let constants = [
    Case(testDescription: "select √x", point: 0) { select(isAbove(0, $0), sqrt($0), zero($0)) },
    Case(testDescription: "select x log x", point: 0) { select(isAbove(0, $0), $0 * log($0), zero($0)) },
    Case(testDescription: "select log x", point: -1) { select(isAbove(0, $0), log($0), zero($0)) },
    Case(testDescription: "select 1 / x", point: 0) { select(isAbove(0, $0), 1 / $0, zero($0)) },
    Case(testDescription: "select sin x / x", point: 0) { select($0, sin($0) / $0, zero($0) + 1) },
    Case(testDescription: "select x^½", point: 0) { select(isAbove(0, $0), pow($0, 0.5), zero($0)) },
    Case(testDescription: "select 0.5ˣ", point: .infinity) {
      select(isBelow(10, $0), pow(zero($0) + 0.5, -$0), zero($0))
    },
    Case(testDescription: "select eˣ", point: 1000) { select(isBelow(80, $0), exp($0), zero($0)) },
    Case(testDescription: "select sin x", point: .infinity) { select(isBelow(80, $0), sin($0), zero($0)) },
    Case(testDescription: "select x⁸", point: 1e200) { select(isBelow(80, $0), square(square(square($0))), zero($0)) },
    Case(testDescription: "max(√x, 10⁻¹⁰)", point: 0) { maximum(sqrt($0), zero($0) + 1e-10) },
    Case(testDescription: "min(eˣ, 10)", point: 1000) { minimum(exp($0), zero($0) + 10) },
    Case(testDescription: "relu(1 - 1 / x²)", point: 0) { relu(1 - 1 / square($0)) },
    Case(testDescription: "√x · 0", point: 0) { sqrt($0) * 0 },
    Case(testDescription: "select of a root of a root", point: 0) {
      square(select(isAbove(0, $0), sqrt(sqrt($0)), zero($0)))
    },
  ]

  @Test(arguments: constants, DerivativeRoad.allCases)
  func `what a select or a maximum drops has no derivative of any order`(
    dropped: Case, road: DerivativeRoad
  ) throws {
    for order in 1...3 {
      let found = try road.derivatives(order: order, at: [dropped.point], of: dropped.function)
      #expect(found == [0], "order \(order)")
    }
    #expect(try road.derivatives(at: [Double(Float(dropped.point))], .float32, of: dropped.function) == [0])
  }

  @Test(arguments: DerivativeRoad.allCases.filter { $0 != .scalars })
  func `a guarded length has a zero gradient at the origin`(road: DerivativeRoad) throws {
    let origin = ReferenceTensor([2], .float32, [0, 0])
    for order in 1...2 {
      let found = try road.derivatives(order: order, at: origin) { x in
        maximum(sqrt((x * x).sum(axes: [0], keepsAxes: true)), x.graph.constant(1e-10))
          * x.graph.constant([1, 1] as [Float], [2])
      }
      #expect(found == [0, 0])
    }
  }

  @Test(arguments: DerivativeRoad.allCases) func `x √x has the derivative 0 at 0`(road: DerivativeRoad) throws {
    #expect(try road.derivatives(at: [0, 4]) { $0 * sqrt($0) } == [0, 3])
    #expect(try road.derivatives(at: [0, 4]) { pow($0, 1.5) } == [0, 3])
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `a second derivative where the first is zero is not masked`(road: DerivativeRoad) throws {
    #expect(try road.derivatives(order: 2, at: [1]) { square(exp($0 - 1) - 1) } == [2])
    #expect(try road.derivatives(order: 2, at: [0]) { square(sin($0)) } == [2])
    #expect(try road.derivatives(order: 2, at: [0]) { $0 * $0 } == [2])
    #expect(try road.derivatives(order: 2, at: [0]) { pow($0, 2) } == [2])
    #expect(try road.derivatives(order: 3, at: [0]) { pow($0, 3) } == [6])
    #expect(try road.derivatives(order: 2, at: [1]) { square(log($0)) } == [2])
    #expect(try road.derivatives(order: 2, at: [0]) { square($0 / exp($0)) } == [2])
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `an infinite slope that a gradient reaches stays infinite`(road: DerivativeRoad) throws {
    #expect(try road.derivatives(at: [0]) { sqrt($0) } == [.infinity])
    #expect(try road.derivatives(at: [0]) { log($0) } == [.infinity])
    #expect(try road.derivatives(at: [0]) { pow($0, 0.5) } == [.infinity])
    #expect(try road.derivatives(at: [0]) { 1 / $0 } == [-.infinity])
  }

  @Test func `an output whose upstream gradient is zero sends nothing back`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let (kept, dropped) = (square(x).sum(), (sqrt(x) + exp(x * 1000) + log(x)).sum())
    let session = try Program([kept, dropped], gradientsFor: [x]).makeSession()
    try session.write([0, 3] as [Float], to: x)
    try session.writeUpstream(ReferenceTensor([], .float32, [0]), of: dropped)
    try session.step()
    #expect(try session.referenceGradient(of: x).values == [0, 6])
  }

  @Test func `a tangent of zero gives a zero`() throws {
    let graph = Graph()
    let x = graph.input("x"), direction = graph.input("direction")
    let outputs = [sqrt(x), log(x), 1 / x, pow(x, 0.5), sqrt(x) / x]
    let products = try graph.jacobianVectorProduct(of: outputs, along: [direction], withRespectTo: [x]).map {
      try #require($0)
    }
    let session = try Program(products).makeSession()
    try session.write(0, to: x)
    try session.write(0, to: direction)
    try session.forward()
    for product in products { #expect(try session.read(product) == 0) }
  }

  @Test func `what a user writes as a product, and products of matrices, stay IEEE's`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1])
    let infinite = graph.constant(.infinity, [1, 1])
    let product = (x * infinite).named("product")
    #expect(
      try DerivativeRoad.program.derivatives(at: [0]) {
        sqrt($0.reshaped([1, 1])).matmul($0.reshaped([1, 1])).sum() * 0
      }[0].isNaN == false)
    let session = try Program(product).makeSession()
    try session.write([0] as [Float], to: x)
    try session.forward()
    #expect(try session.read(product, as: Float.self)[0].isNaN)
    #expect(try session.firstNonFinite()?.nodeName == "product")

    let masked = select(graph.constant(0, [1, 1]), x.matmul(infinite), graph.constant(0, [1, 1]))
    let gradient = try graph.gradient(of: masked.sum(), withRespectTo: x)
    let matrices = try Program(gradient).makeSession()
    try matrices.forward()
    #expect(try matrices.read(gradient, as: Float.self)[0].isNaN)
  }
}

@Suite(.timeLimit(.minutes(20))) struct PowerSlopeTests {
  /// The roads of the mixed derivative by a and then by b.
  @Test(arguments: [0.0, 1, 2, -1, 0.5]) func `the mixed derivative of a power does not depend on the road`(
    at exponent: Double
  ) throws {
    let graph = Graph()
    let a = graph.input("a", [], .float64), b = graph.input("b", [], .float64)
    let y = pow(a, b), one = graph.constant(1, [], .float64)
    func reverse(_ y: Node, _ x: Node) throws -> Node { try graph.gradient(of: y, withRespectTo: x) }
    func forward(_ y: Node, _ x: Node) throws -> Node {
      try #require(try graph.jacobianVectorProduct(of: [y], along: [one], withRespectTo: [x])[0])
    }
    let both = try #require(try graph.gradients(of: [y], withRespectTo: [a, b])[0])
    let mixed = [
      try reverse(reverse(y, a), b), try reverse(reverse(y, b), a), try forward(forward(y, a), b),
      try forward(reverse(y, a), b),
      try reverse(forward(y, a), b), try forward(reverse(y, b), a), try reverse(both, b),
    ]
    let session = try Program(mixed).makeSession()
    try session.write(3, to: a)
    try session.write(exponent, to: b)
    try session.forward()
    let logarithm = 1.0986122886681098
    let powers = [0.0: 1 / 3.0, 1: 1, 2: 3, -1: 1 / 9.0, 0.5: 0.5773502691896258]
    let expected = powers[exponent]! * (1 + exponent * logarithm)
    for node in mixed {
      let value = try session.read(node)
      #expect(abs(value - expected) <= 1e-15 * max(1, abs(expected)), "\(value)")
    }
  }

  @Test(arguments: DerivativeRoad.allCases)
  func `a power's slope does not overflow before the small exponent makes it finite`(road: DerivativeRoad) throws {
    let float = try road.derivatives(at: [1e-42], .float32) { pow($0, 1e-10) }[0]
    let base = Double(Float(1e-42)), exponent = Double(Float(1e-10))
    #expect(ElementType.float32.isClose(float, exponent / base))
    let double = try road.derivatives(at: [0x1p-1060]) { pow($0, 0x1p-60) }[0]
    #expect(ElementType.float64.isClose(double, 0x1p1000))
    #expect(try road.derivatives(order: 2, at: [0x1p-530]) { pow($0, 0x1p-100) }[0] == -0x1p960)
  }
}
