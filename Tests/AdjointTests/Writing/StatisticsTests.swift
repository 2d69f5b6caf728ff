import Adjoint
import AdjointTesting
import Foundation
import Testing

/// Variances, deviations, products and least elements over axes, and rounding, against plain loops.
@Suite(.timeLimit(.minutes(20))) struct StatisticsTests {
  /// Of shape [2, 3, 2].
  private static let values = [0.3, -1.2, 2, 0.7, 0.1, -0.4, 1.5, 0.2, -0.6, -0.3, 2.1, 0.9]

  struct Case: Sendable, CustomTestStringConvertible {
    let axes: [Int]?
    let keepsAxes: Bool
    let shape: Shape
    var testDescription: String { "\(axes.map { "\($0)" } ?? "all"), keeps \(keepsAxes)" }

    /// The elements that each one of the result is of, in row-major order.
    var groups: [[Double]] {
      let folded = axes.map { $0.map { $0 < 0 ? $0 + 3 : $0 } } ?? [0, 1, 2], extents = [2, 3, 2]
      var groups: [[Int]: [Double]] = [:], order: [[Int]] = []
      for (place, value) in StatisticsTests.values.enumerated() {
        let index = [place / 6, place / 2 % 3, place % 2]
        let kept = extents.indices.filter { !folded.contains($0) }.map { index[$0] }
        if groups[kept] == nil { order.append(kept) }
        groups[kept, default: []].append(value)
      }
      return order.map { groups[$0]! }
    }
  }

  static let cases = [
    Case(axes: nil, keepsAxes: false, shape: []), Case(axes: [0, 1, 2], keepsAxes: true, shape: [1, 1, 1]),
    Case(axes: [-1], keepsAxes: false, shape: [2, 3]), Case(axes: [1], keepsAxes: true, shape: [2, 1, 2]),
    Case(axes: [2, 0], keepsAxes: false, shape: [3]), Case(axes: [0], keepsAxes: false, shape: [3, 2]),
  ]

  private static func variance(_ elements: [Double], correction: Int) -> Double {
    let mean = elements.reduce(0, +) / Double(elements.count)
    return elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(elements.count - correction)
  }

  @Test(arguments: cases, [0, 1]) func `each is the formula's, and its gradients are those of finite differences`(
    kase: Case, correction: Int
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 2], .float64)
    let (axes, keeps) = (kase.axes, kase.keepsAxes)
    let results = [
      (
        x.variance(axes: axes, correction: correction, keepsAxes: keeps),
        kase.groups.map { Self.variance($0, correction: correction) }
      ),
      (
        x.standardDeviation(axes: axes, correction: correction, keepsAxes: keeps),
        kase.groups.map { Self.variance($0, correction: correction).squareRoot() }
      ),
      (x.product(axes: axes, keepsAxes: keeps), kase.groups.map { $0.reduce(1, *) }),
      (x.min(axes: axes, keepsAxes: keeps), kase.groups.map { $0.min()! }),
    ]
    let session = try Program(results.map(\.0)).makeSession()
    try session.write(Self.values, to: x)
    try session.forward()
    for (node, expected) in results {
      #expect(node.shape == kase.shape)
      let found = try session.read(node, as: Double.self)
      #expect(found.count == expected.count)
      // A dozen roundings of numbers below 3.
      #expect(zip(found, expected).allSatisfy { Swift.abs($0 - $1) < 0x1p-46 }, "\(found), not \(expected)")
    }
    let point = [x: ReferenceTensor([2, 3, 2], .float64, Self.values)]
    for (node, _) in results.prefix(3) {
      let slope = try #require(try graph.gradients(of: [(node * node).sum()], withRespectTo: [x])[0])
      for output in [node, slope] {
        for verdict in try GradientChecker().check(output, withRespectTo: [x], at: point) {
          #expect(verdict.isCorrect, "\(verdict)")
        }
      }
    }
  }

  @Test func `of a constant, of huge and of far numbers they are what they should be`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 4])
    let variance = x.variance(axes: [1]), deviation = x.standardDeviation(axes: [1])
    let program = try Program((variance + deviation).sum(), gradientsFor: [x], alsoComputing: [variance, deviation])
    let session = program.makeSession()
    try session.write([7, 7, 7, 7, 1e7, 1e7 + 1, 1e7 + 2, 1e7 + 3, 3e19, -3e19, 3e19, -3e19] as [Float], to: x)
    try session.step()
    #expect(try session.read(variance, as: Float.self) == [0, 1.25, .infinity])
    #expect(try session.read(deviation, as: Float.self) == [0, Float(1.25).squareRoot(), 3e19])
    #expect(try session.gradient(of: x, as: Float.self)[..<4] == [0, 0, 0, 0])
  }

  @Test func `the gradient of a product is right where elements are 0`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 3], .float64)
    let session = try Program(x.product(axes: [1]).sum(), gradientsFor: [x]).makeSession()
    try session.write([2, 0, 5, 0, 3, 0, 2, 3, 4.0], to: x)
    try session.step()
    #expect(try session.gradient(of: x, as: Double.self) == [0, 10, 0, 0, 0, 0, 12, 8, 6])
  }

  @Test func `the place of the smallest element is the first one's, or a NaN's`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 3])
    let places = x.argmin(), rows = x.argmin(axis: 0)
    let session = try Program([places, rows]).makeSession()
    try session.write([3, 1, 1, .nan, 0, -1, 0, -0.0, 5] as [Float], to: x)
    try session.forward()
    #expect(try session.read(places, as: Int32.self) == [1, 0, 0] && session.read(rows, as: Int32.self) == [1, 1, 1])
  }

  @Test func `whole numbers are Swift's, and ties go to the even one`() throws {
    let numbers: [Double] = [
      -2.5, -1.5, -0.5, -0.25, -0.0, 0, 0.49999999999999994, 0.5, 1.5, 2.5, 2.75, 4_503_599_627_370_495.5,
      -4_503_599_627_370_495.5, 9e15, -8_388_607.5, 1e300, .infinity, -.infinity,
    ]
    func check<T: GraphScalar & BinaryFloatingPoint>(_ numbers: [T]) throws {
      let graph = Graph()
      let x = graph.input("x", [numbers.count], T.elementType)
      let (down, up, nearest) = (floor(x), ceil(x), round(x))
      let session = try Program([down, up, nearest]).makeSession()
      try session.write(numbers, to: x)
      try session.forward()
      let rules: [FloatingPointRoundingRule] = [.down, .up, .toNearestOrEven]
      for (node, rule) in zip([down, up, nearest], rules) {
        let found = try session.read(node, as: T.self)
        for (number, result) in zip(numbers, found) {
          let expected = number.rounded(rule)
          #expect(result == expected && result.sign == expected.sign, "\(number): \(result)")
        }
      }
    }
    try check(numbers)
    try check(numbers.map { Float($0) })
  }

  @Test func `no gradient flows through a step, and log1p keeps small numbers`() throws {
    let graph = Graph()
    let x = graph.input("x", [2], .float64)
    let y = x + floor(x) * ceil(x) + round(x), small = log1p(x)
    let session = try Program([y.sum(), small.sum()], gradientsFor: [x], alsoComputing: [small]).makeSession()
    try session.write([1e-18, 0.5], to: x)
    try session.step()
    let logarithms = try session.read(small, as: Double.self)
    #expect(logarithms[0] == 1e-18 && Swift.abs(logarithms[1] - Foundation.log1p(0.5)) <= 0x1p-53)
    #expect(try session.gradient(of: x, as: Double.self) == [2, 1 + 1 / 1.5])
    let error = #expect(throws: GraphError.self) { try graph.gradient(of: floor(x).sum(), withRespectTo: x) }
    #expect(error?.kind == .noGradientPath)
  }

  @Test func `axes and corrections that make no sense are refused with the line`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let line: UInt = #line + 2
    let nodes = [
      x.variance(axes: [2]), x.variance(axes: [0], correction: 2), x.product(axes: [1, -1]), x.min(axes: [5]),
    ]
    let reasons = [
      "axis 2 does not exist", "a correction is at least 0 and less than the number of elements, 2, got 2",
      "axis -1 is named twice", "axis 5 does not exist",
    ]
    for (node, reason) in zip(nodes, reasons) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      #expect(error?.description.contains("StatisticsTests.swift:\(line)") == true)
    }
    for correction in [Int.min, -1, 6, Int.max] {
      let results = [x.variance(correction: correction), x.standardDeviation(correction: correction)]
      for result in results {
        let error = #expect(throws: GraphError.self) { try Program(result) }
        #expect(error?.kind == .wrongValue)
      }
    }
  }
}
