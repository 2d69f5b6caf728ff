import AdjointTesting
import Foundation
import Testing

@testable import Adjoint

/// The angle of a point at the edges of arithmetic, and its slopes over the whole range.
@Suite(.timeLimit(.minutes(20))) struct AngleTests {
  /// The angle's value and both slopes at each pair of coordinates.
  private func angles<T: GraphScalar>(_ y: [T], _ x: [T]) throws -> (values: [T], byY: [T], byX: [T]) {
    let graph = Graph()
    let (a, b) = (graph.input("y", [y.count], T.elementType), graph.input("x", [x.count], T.elementType))
    let angle = atan2(a, b)
    let session = try Program(angle.sum(), gradientsFor: [a, b], alsoComputing: [angle]).makeSession()
    try session.write(y, to: a)
    try session.write(x, to: b)
    try session.step()
    return (
      try session.read(angle, as: T.self), try session.gradient(of: a, as: T.self),
      try session.gradient(of: b, as: T.self)
    )
  }

  @Test func `zeros of both signs and infinities have the angles that C says, sign for sign`() throws {
    let tiny = Double.leastNonzeroMagnitude
    let edges = [0, -0.0, 1, -1, tiny, -tiny, .greatestFiniteMagnitude, .infinity, -.infinity]
    let pairs = edges.flatMap { y in edges.map { (y, $0) } }
    let values = try angles(pairs.map(\.0), pairs.map(\.1)).values
    let singles = try angles(pairs.map { Float($0.0) }, pairs.map { Float($0.1) }).values
    for (index, (y, x)) in pairs.enumerated() {
      let expected = Foundation.atan2(y, x), single = Float(Foundation.atan2(Double(Float(y)), Double(Float(x))))
      #expect(values[index].sign == expected.sign && abs(values[index] - expected) <= expected.ulp, "\(y), \(x)")
      #expect(singles[index].sign == single.sign && abs(singles[index] - single) <= single.ulp, "\(y), \(x)")
    }
  }

  @Test func `an angle with a NaN is a NaN, beside an infinity too`() throws {
    let others: [Float] = [0, 1, .infinity, .nan]
    let nans = [Float](repeating: .nan, count: others.count)
    for (values, byY, byX) in [try angles(nans, others), try angles(others, nans)] {
      #expect((values + byY + byX).allSatisfy { $0.isNaN })
    }
  }

  @Test func `the slopes at the origin and at infinity are 0`() throws {
    let y: [Double] = [0, -0.0, 0, .infinity, 1, -.infinity, .infinity]
    let x: [Double] = [0, 0, -0.0, 1, -.infinity, 0, .infinity]
    let (_, byY, byX) = try angles(y, x)
    #expect((byY + byX).allSatisfy { $0 == 0 })
    let (_, singlesByY, singlesByX) = try angles(y.map { Float($0) }, x.map { Float($0) })
    #expect((singlesByY + singlesByX).allSatisfy { $0 == 0 })
  }

  @Test func `slopes are right where no square of a coordinate is a number`() throws {
    for scale: Double in [1e-300, 1e-160, 1, 1e160, 3e307] {
      let (_, byY, byX) = try angles([3 * scale], [-4 * scale])
      #expect(abs(byY[0] * scale + 0.16) <= 1e-15 && abs(byX[0] * scale + 0.12) <= 1e-15, "\(scale)")
    }
    for scale: Float in [1e-37, 1e-25, 1, 1e25, 8e37] {
      let (_, byY, byX) = try angles([3 * scale], [-4 * scale])
      #expect(abs(byY[0] * scale + 0.16) <= 1e-7 && abs(byX[0] * scale + 0.12) <= 1e-7, "\(scale)")
    }
    // A coordinate that vanishes beside the other, whose ratio alone would lose its digits.
    let small = 142 * Double.leastNonzeroMagnitude
    let (_, byY, _) = try angles([3e-3], [small])
    #expect(abs(byY[0] - small / 9e-6) <= .leastNonzeroMagnitude)
  }

  @Test(arguments: GateLaw.ofAnyGate) func `the slope's own gate obeys the laws`(law: GateLaw) throws {
    #expect(try law.violations(of: CircleInversion.self) == [])
  }
}
