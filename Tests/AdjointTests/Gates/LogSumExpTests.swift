import AdjointTesting
import Foundation
import Testing

@testable import Adjoint

@Suite(.timeLimit(.minutes(20))) struct LogSumExpTests {
  /// Of shape [2, 3, 2].
  private let values = [0.3, -1.2, 2, 0.7, 0.1, -0.4, 1.5, 0.2, -0.6, -0.3, 2.1, 0.9]

  struct Case: Sendable, CustomTestStringConvertible {
    let axes: [Int]?
    let keepsAxes: Bool
    let shape: Shape
    var testDescription: String { "\(axes.map { "\($0)" } ?? "all"), keeps \(keepsAxes)" }
  }

  static let cases = [
    Case(axes: nil, keepsAxes: false, shape: []), Case(axes: [0, 1, 2], keepsAxes: true, shape: [1, 1, 1]),
    Case(axes: [-1], keepsAxes: false, shape: [2, 3]), Case(axes: [1], keepsAxes: true, shape: [2, 1, 2]),
    Case(axes: [2, 0], keepsAxes: false, shape: [3]), Case(axes: [], keepsAxes: false, shape: [2, 3, 2]),
  ]

  /// The formula as it stands, of numbers whose exponentials no double overflows.
  private func definition(_ x: ReferenceTensor, _ kase: Case) -> [Double] {
    let axes = kase.axes.map { $0.map { $0 < 0 ? $0 + 3 : $0 } } ?? [0, 1, 2]
    var groups: [[Int]: Double] = [:]
    var order: [[Int]] = []
    for (index, value) in zip(x.shape.indices, x.values) {
      let kept = index.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
      if groups[kept] == nil { order.append(kept) }
      groups[kept, default: 0] += Foundation.exp(value)
    }
    return order.map { Foundation.log(groups[$0]!) }
  }

  @Test(arguments: cases) func `a value is the formula's in both float types`(kase: Case) throws {
    for type in [ElementType.float64, .float32] {
      let graph = Graph()
      let x = graph.input("x", [2, 3, 2], type)
      let y = x.logSumExp(axes: kase.axes, keepsAxes: kase.keepsAxes)
      #expect(y.shape == kase.shape)
      let session = try Program(y).makeSession()
      let given = ReferenceTensor([2, 3, 2], type, values.map(type.rounded))
      try session.write(given, to: x)
      try session.forward()
      let found = try session.referenceValue(of: y).values, wanted = definition(given, kase)
      #expect(found.count == wanted.count)
      // A dozen roundings of numbers of at most 12, each within half an ulp.
      let allowed = type == .float64 ? 0x1p-48 : 0x1p-19
      #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= allowed }, "\(found), not \(wanted)")
    }
  }

  @Test(arguments: cases) func `gradients of first and second order agree with finite differences`(kase: Case) throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 2], .float64)
    let y = x.logSumExp(axes: kase.axes, keepsAxes: kase.keepsAxes)
    let slope = try #require(try graph.gradients(of: [(y * y).sum()], withRespectTo: [x])[0])
    for output in [y, slope] {
      let point = [x: ReferenceTensor([2, 3, 2], .float64, values)]
      for verdict in try GradientChecker().check(output, withRespectTo: [x], at: point) {
        #expect(verdict.isCorrect, "\(verdict)")
      }
    }
  }

  /// Values and gradients, with an upstream of ones, of the rows of a matrix.
  private func rows<T: GraphScalar>(_ rows: [[T]]) throws -> (values: [T], gradients: [T]) {
    let graph = Graph()
    let x = graph.input("x", [rows.count, rows[0].count], T.elementType)
    let y = x.logSumExp(axes: [1])
    let session = try Program(y, gradientsFor: [x]).makeSession()
    try session.write(rows.flatMap { $0 }, to: x)
    try session.writeUpstream([T](repeating: T(rounding: 1), count: rows.count), of: y)
    try session.step()
    return (try session.read(y, as: T.self), try session.gradient(of: x, as: T.self))
  }

  @Test func `numbers whose exponentials overflow or vanish keep their digits`() throws {
    let (values, gradients) = try rows([[1000, 1000.0], [-1000, -1000], [1e300, -1e300], [0, -800]])
    let expected = [1000 + Foundation.log(2.0), -1000 + Foundation.log(2.0), 1e300, 0]
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) <= abs($1) * 0x1p-52 })
    #expect(gradients == [0.5, 0.5, 0.5, 0.5, 1, 0, 1, 0])
    let largest = Float.greatestFiniteMagnitude
    let (single, slopes) = try rows([[100, 100 as Float], [-200, -200], [largest, -largest], [-largest, -largest]])
    #expect(zip(single, [100.693146, -199.30685, largest, -largest]).allSatisfy { abs($0 - $1) <= abs($1) * 0x1p-23 })
    #expect(slopes == [0.5, 0.5, 0.5, 0.5, 1, 0, 0.5, 0.5])
  }

  @Test func `infinities give infinities, and a NaN a NaN`() throws {
    func check<T: GraphScalar & BinaryFloatingPoint>(_: T.Type) throws {
      let infinity = T.infinity
      let (values, gradients) = try rows([
        [-infinity, -infinity], [-infinity, 3], [infinity, 3], [infinity, -infinity], [infinity, infinity], [.nan, 1],
        [.nan, infinity],
      ])
      #expect(Array(values[..<5]) == [-infinity, 3, infinity, infinity, infinity])
      #expect(values[5].isNaN && values[6].isNaN)
      #expect(Array(gradients[..<4]) == [0, 0, 0, 1])
      for (infinite, other) in [(4, 5), (6, 7)] { #expect(gradients[infinite].isNaN && gradients[other] == 0) }
    }
    try check(Double.self)
    try check(Float.self)
  }

  @Test func `what cannot be added over is refused with its name and the caller's line`() {
    let graph = Graph()
    let scores = graph.input("scores", [4, 3]), labels = graph.input("labels", [4], .int32)
    let bad = [scores.logSumExp(axes: [2]), scores.logSumExp(axes: [1, -1]), labels.logSumExp()]; let line = #line
    for (node, name) in zip(bad, ["scores [4, 3] float32", "scores [4, 3] float32", "labels [4] int32"]) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains("logSumExp at AdjointTests/LogSumExpTests.swift:\(line)") == true)
      #expect(error?.description.contains(name) == true)
    }
  }
}
