import AdjointTesting
import Testing

@testable import Adjoint

/// Running products, and their gradient where elements are zero.
@Suite(.timeLimit(.minutes(20))) struct RunningProductTests {
  /// The running products of `x`, and what upstream gradients `upstream` send back.
  private func products<T: GraphScalar>(
    _ x: [T], fromTheEnd: Bool = false, upstream: [T]
  ) throws -> (values: [T], gradient: [T]) {
    let graph = Graph()
    let input = graph.input("x", [x.count], T.elementType)
    let y = input.cumulativeProduct(fromTheEnd: fromTheEnd)
    let session = try Program(y, gradientsFor: [input]).makeSession()
    try session.write(x, to: input)
    try session.writeUpstream(upstream, of: y)
    try session.step()
    return (try session.read(y, as: T.self), try session.gradient(of: input, as: T.self))
  }

  /// Whole numbers, so that every product and sum of them is exact: each slope is multiplied out by itself.
  private func expected(_ x: [Int], _ upstream: [Int]) -> (values: [Int], gradient: [Int]) {
    let values = x.indices.map { x[...$0].reduce(1, *) }
    let gradient = x.indices.map { i in
      (i..<x.count).reduce(0) { sum, k in sum + upstream[k] * (0...k).reduce(1) { $1 == i ? $0 : $0 * x[$1] } }
    }
    return (values, gradient)
  }

  @Test(arguments: [
    [3, 2, -1, 4], [0, 2, 3, 4], [2, 0, 3, 4], [2, 3, 4, 0], [2, 0, 3, 0, 4], [0, 0, 5], [1, 0, 0, 0, 7], [0], [6],
  ]) func `no zero spoils a gradient, wherever it stands and however many there are`(x: [Int]) throws {
    let upstream = x.indices.map { 2 * $0 - 3 }
    let (values, gradient) = expected(x, upstream)
    let doubles = try products(x.map { Double($0) }, upstream: upstream.map { Double($0) })
    #expect(doubles.values == values.map { Double($0) } && doubles.gradient == gradient.map { Double($0) })
    let floats = try products(x.map { Float($0) }, upstream: upstream.map { Float($0) })
    #expect(floats.values == values.map { Float($0) } && floats.gradient == gradient.map { Float($0) })
    let (mirrored, sent) = expected(x.reversed(), upstream.reversed())
    let back = try products(x.map { Double($0) }, fromTheEnd: true, upstream: upstream.map { Double($0) })
    #expect(back.values == mirrored.reversed().map { Double($0) })
    #expect(back.gradient == sent.reversed().map { Double($0) })
  }

  @Test func `running products go along any axis from either end`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let outputs = [
      x.cumulativeProduct(), x.cumulativeProduct(axis: 0), x.cumulativeProduct(fromTheEnd: true),
      x.cumulativeProduct(axis: -2, fromTheEnd: true),
    ]
    let session = try Program(outputs).makeSession()
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: x)
    try session.forward()
    let expected: [[Float]] = [
      [1, 2, 6, 4, 20, 120], [1, 2, 3, 4, 10, 18], [6, 6, 3, 120, 30, 6], [4, 10, 18, 4, 5, 6],
    ]
    #expect(try outputs.map { try session.read($0, as: Float.self) } == expected)
  }

  @Test func `a product of floats that is beyond their range on the way comes back`() throws {
    let (values, _) = try products([1e30, 1e30, 1e-30, 1e-30, 1e-30, 1e30] as [Float], upstream: [0, 0, 0, 0, 0, 1])
    #expect(values[1] == .infinity && values[3] == 1 && abs(values[5] - 1) <= 2 * Float.ulpOfOne)
  }

  @Test func `where no gradient comes back none is sent on, beside an infinite element too`() throws {
    let (_, gradient) = try products([2, 3, .infinity, 5] as [Double], upstream: [1, 1, 0, 0])
    #expect(gradient == [4, 2, 0, 0])
  }

  @Test func `the Hessian of a product with a zero has the products of all the others`() throws {
    let graph = Graph()
    let x = graph.input("x", [3], .float64)
    let product = x.cumulativeProduct().sliced(2..<3).sum()
    let hessian = try graph.hessian(of: product, withRespectTo: x)
    let session = try Program(hessian).makeSession()
    try session.write([0, 2, 3] as [Double], to: x)
    try session.forward()
    #expect(try session.read(hessian, as: Double.self) == [0, 3, 2, 3, 0, 0, 2, 0, 0])
  }
}
