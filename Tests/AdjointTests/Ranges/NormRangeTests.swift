import AdjointTesting
import Testing

@testable import Adjoint

/// Norms and what is made of them, of vectors whose squares overflow or underflow.
@Suite(.timeLimit(.minutes(20))) struct NormRangeTests {
  private struct Derivatives {
    let value: [Double], gradient: [Double], forward: [Double], hessian: [Double]
  }

  /// The value; the gradient of the sum of the results by a program; tangents for a tangent of ones; and the gradient
  /// of Σ weights · gradient.
  private func derivatives(
    _ values: [Double], _ type: ElementType, weights: [Double]? = nil, _ build: (Node) -> Node
  ) throws -> Derivatives {
    let graph = Graph()
    let x = graph.input("x", [values.count], type)
    let y = build(x)
    let gradient = try #require(try graph.gradients(of: [y.sum()], withRespectTo: [x])[0])
    let tangent = try #require(
      try graph.jacobianVectorProduct(
        of: [y], along: [graph.constant(1, [values.count], type)], withRespectTo: [x])[0])
    let directions = graph.constant(weights ?? values.map { _ in 1 }, ofType: type)
    let second = try graph.gradients(of: [(gradient * directions).sum()], withRespectTo: [x])[0]
    let program = try Program(y, gradientsFor: [x]).makeSession()
    try program.write(ReferenceTensor([values.count], type, values), to: x)
    try program.writeUpstream(
      ReferenceTensor(y.shape, type, [Double](repeating: 1, count: y.shape.elementCount)), of: y)
    try program.step()
    let session = try Program([gradient, tangent] + (second.map { [$0] } ?? [])).makeSession()
    try session.write(ReferenceTensor([values.count], type, values), to: x)
    try session.forward()
    let own = try program.referenceGradient(of: x).values
    let built = try session.referenceValue(of: gradient).values
    #expect(zip(own, built).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "program and graph agree")
    return Derivatives(
      value: try program.referenceValue(of: y).values, gradient: own,
      forward: try session.referenceValue(of: tangent).values,
      hessian: try second.map { try session.referenceValue(of: $0).values } ?? values.map { _ in 0 })
  }

  private func close(_ found: [Double], _ expected: [Double], _ type: ElementType) -> Bool {
    let (epsilon, tiny) = type == .float32 ? (0x1p-23, 0x1p-149) : (0x1p-52, 0x1p-1074)
    let scale = expected.map(\.magnitude).max() ?? 0
    return found.count == expected.count
      && zip(found, expected).allSatisfy { $0 == $1 || abs($0 - $1) <= 8 * epsilon * scale + 4 * tiny }
  }

  /// Vectors of floats; of doubles they are taken to the same places of a larger range.
  private static let vectors: [([Double], norm: Double, direction: [Double])] = [
    ([1e20, 1, 1], 1e20, [1, 1e-20, 1e-20]), ([3e-23, 4e-23], 5e-23, [0.6, 0.8]), ([3, -4], 5, [0.6, -0.8]),
    ([3e-42, 4e-42], 5e-42, [0.6, 0.8]), ([0, -1e-40], 1e-40, [0, -1]), ([1e25, 1e-25], 1e25, [1, 0]),
    ([3e37, -4e37, 0], 5e37, [0.6, -0.8, 0]),
  ]

  @Test func `lengths and their gradients are right for huge and tiny vectors`() throws {
    for (vector, norm, direction) in Self.vectors {
      let values = vector.map(ElementType.float32.rounded)
      // Rounding a number without all its digits turns the vector.
      let isExact = vector.allSatisfy { $0 == 0 || $0.magnitude > 1e-38 }
      let found = try derivatives(values, .float32) { $0.l2Norm() }
      let length = isExact ? norm : values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let slopes = isExact ? direction : values.map { $0 / length }
      #expect(close(found.value, [length], .float32) && close(found.gradient, slopes, .float32), "\(vector)")
      #expect(close(found.forward, [slopes.reduce(0, +)], .float32))
      let unit = try derivatives(values, .float32) { $0.l2Normalized(epsilon: 1e-44) }
      #expect(close(unit.value, slopes, .float32), "\(vector)")
    }
    let huge = try derivatives([3e200, -4e200], .float64) { $0.l2Norm() }
    #expect(close(huge.value, [5e200], .float64) && close(huge.gradient, [0.6, -0.8], .float64))
    let tiny = try derivatives([3e-200, -4e-200], .float64) { $0.l2Norm() }
    #expect(close(tiny.value, [5e-200], .float64) && close(tiny.gradient, [0.6, -0.8], .float64))
  }

  /// One of them has the code for a length that lies between two kinds of codes.
  @Test(arguments: [ElementType.float32, .float64])
  func `each power of two is as long as it is, in the direction of its sign`(type: ElementType) throws {
    let exponents = type == .float32 ? Array(-149...127) : Array(stride(from: -1074, through: 1023, by: 2))
    let numbers = exponents.map { ($0 % 3 == 0 ? -1 : 1) * Double(sign: .plus, exponent: $0, significand: 1) }
    let graph = Graph()
    let x = graph.input("x", [numbers.count, 1], type)
    let length = x.l2Norm(axes: [1]), unit = x.l2Normalized(axes: [1], epsilon: numbers[0].magnitude)
    let cosine = cosineSimilarity(x, graph.constant(1, [1], type), epsilon: numbers[0].magnitude)
    let slope = try #require(try graph.gradients(of: [length.sum()], withRespectTo: [x])[0])
    let session = try Program([length, unit, cosine, slope]).makeSession()
    try session.write(ReferenceTensor([numbers.count, 1], type, numbers), to: x)
    try session.forward()
    let signs = numbers.map { $0 < 0 ? -1.0 : 1 }
    #expect(try session.referenceValue(of: length).values == numbers.map(\.magnitude))
    #expect(try session.referenceValue(of: unit).values == signs)
    #expect(try session.referenceValue(of: cosine).values == signs)
    #expect(try session.referenceValue(of: slope).values == signs)
  }

  @Test func `a direction is right even if the length is beyond the type`() throws {
    let half = 0.5.squareRoot()
    let norm = try derivatives([3e38, 3e38], .float32) { $0.l2Norm() }
    #expect(norm.value == [.infinity] && close(norm.gradient, [half, half], .float32))
    let unit = try derivatives([3e38, -3e38], .float32) { $0.l2Normalized() }
    #expect(close(unit.value, [half, -half], .float32))
    let doubles = try derivatives([1.5e308, -1.5e308], .float64) { $0.l2Normalized() }
    #expect(close(doubles.value, [half, -half], .float64))
  }

  @Test func `second derivatives of a length are (I - uu) / y`() throws {
    for (scale, type) in [(1.0, ElementType.float32), (1e25, .float32), (1e-25, .float32), (1e180, .float64)] {
      let found = try derivatives([3 * scale, 4 * scale], type, weights: [1, 0]) { $0.l2Norm() }
      let expected = [0.64, -0.48].map { $0 / (5 * scale) }
      #expect(close(found.hessian, expected, type), "\(found.hessian) at \(scale)")
    }
  }

  @Test func `a vector of zeros has derivatives of 0 in every order`() throws {
    let found = try derivatives([0, -0.0, 0], .float32) { $0.l2Norm() }
    #expect(found.value == [0] && found.gradient == [0, 0, 0] && found.forward == [0] && found.hessian == [0, 0, 0])
    for build in [{ $0.l2Normalized() }, { cosineSimilarity($0, $0.reshaped([3])) }] as [(Node) -> Node] {
      let found = try derivatives([0, 0, 0], .float32, build)
      #expect(found.value.allSatisfy { $0 == 0 } && found.gradient == [0, 0, 0] && found.hessian == [0, 0, 0])
    }
  }

  @Test func `no gradient flows where none comes from above`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2])
    let session = try Program((x.l2Norm(axes: [1]) * graph.constant([0, 1] as [Float], [2])).sum(), gradientsFor: [x])
      .makeSession()
    try session.write([.infinity, .nan, 3, 4] as [Float], to: x)
    try session.step()
    let gradient = try session.gradient(of: x, as: Float.self)
    #expect(gradient[..<2] == [0, 0] && abs(gradient[2] - 0.6) < 1e-6 && abs(gradient[3] - 0.8) < 1e-6)
  }

  @Test func `infinite and undefined elements make the length what they are`() throws {
    for (element, check) in [(Double.infinity, { $0 == .infinity }), (.nan, \.isNaN)] as [(Double, (Double) -> Bool)] {
      let graph = Graph()
      let x = graph.input("x", [2], .float64)
      let y = x.l2Norm()
      let session = try Program(y).makeSession()
      try session.write([1, element], to: x)
      try session.forward()
      #expect(check(try session.read(y, as: Double.self)[0]))
    }
  }

  @Test func `a cosine is 1 of a vector with itself and never beyond`() throws {
    let graph = Graph()
    let a = graph.input("a", [4, 7]), b = graph.input("b", [4, 7])
    let same = cosineSimilarity(a, a), opposite = cosineSimilarity(a, -a), other = cosineSimilarity(a, b)
    let session = try Program([same, opposite, other]).makeSession()
    for seed in 1...20 {
      let scales: [Float] = [1, 1e30, 1e-25, 3e37]
      let row = (0..<28).map { scales[$0 / 7] * (Float(($0 * 37 + seed * 11) % 53) / 26 - 1) }
      try session.write(row, to: a)
      // The same direction but for rounding.
      try session.write(row.map { $0 / 3 * 0.7 }, to: b)
      try session.forward()
      // Vectors shorter than ε have no direction.
      #expect(try session.read(same, as: Float.self) == [1, 1, 0, 1])
      #expect(try session.read(opposite, as: Float.self) == [-1, -1, 0, -1])
      #expect(
        try session.read(other, as: Float.self).enumerated().allSatisfy { $0 == 2 || ($1 <= 1 && $1 > 0.999_999) })
    }
  }

  @Test func `cosines of huge and tiny vectors, and their gradients, are those of ordinary ones`() throws {
    func cosine(_ scale: Double) throws -> Derivatives {
      try derivatives([1, 2, 2].map { $0 * scale }, .float32, weights: [0, 1, 0]) { x in
        cosineSimilarity(x, x.graph.constant([2, -1, 2].map { $0 * scale }, ofType: .float32), epsilon: 1e-44)
      }
    }
    let ordinary = try cosine(1)
    #expect(close(ordinary.value, [4.0 / 9], .float32))
    #expect(close(ordinary.gradient, [14.0 / 81, -17.0 / 81, 10.0 / 81], .float32))
    for scale in [0x1p110, 0x1p-110] {
      let found = try cosine(scale)
      #expect(close(found.value, ordinary.value, .float32))
      #expect(close(found.gradient.map { $0 * scale }, ordinary.gradient, .float32))
    }
  }

  @Test func `a mean squared error is infinite only if the mean is`() throws {
    for (values, mean) in [([1e19, 1e19], 1e38), ([3e19, 0, 0, 0, 0, 0, 0, 0, 0, 0], 9e37), ([3e38, 0], .infinity)]
      as [([Double], Double)]
    {
      let found = try derivatives(values, .float32) { meanSquaredError($0, $0.graph.constant(0, [$0.shape[0]])) }
      #expect(close(found.value, [mean], .float32))
      let count = Double(values.count)
      #expect(close(found.gradient, values.map { 2 * $0 / count }, .float32))
      #expect(close(found.hessian, values.map { _ in 2 / count }, .float32))
    }
  }

  @Test func `means of numbers whose sum overflows are numbers over any axes`() throws {
    for axes in [[0], [1], [0, 1]] {
      let graph = Graph()
      let x = graph.input("x", [3, 5000]), z = graph.input("z", [3, 5000], .float64)
      let (y, w) = (x.mean(axes: axes), z.mean(axes: axes))
      let session = try Program([y, w]).makeSession()
      try session.write([Float](repeating: 3e38, count: 15_000), to: x)
      try session.write([Double](repeating: -1.5e308, count: 15_000), to: z)
      try session.forward()
      #expect(try session.read(y, as: Float.self).allSatisfy { abs($0 / 3e38 - 1) < 1e-6 })
      #expect(try session.read(w, as: Double.self).allSatisfy { abs($0 / 1.5e308 + 1) < 1e-14 })
    }
  }

  @Test func `a scan measures the same lengths as a program, and sends back the same`() throws {
    let rows: [Float] = [1e20, 1, 1, 3e-23, 4e-23, 0, 1, 2, 2, 0, 0, 0]
    let graph = Graph()
    let x = graph.input("x", [4, 3])
    let direct = x.l2Norm(axes: [1]).sum()
    let scanned = graph.scan(over: x, from: graph.constant(0, [])) { sum, row in
      (sum + row.l2Norm(), sum)
    }
    for loss in [direct, scanned.state] {
      let session = try Program(loss, gradientsFor: [x]).makeSession()
      try session.write(rows, to: x)
      try session.step()
      let gradient = try session.gradient(of: x, as: Float.self)
      let expected: [Float] = [1, 1e-20, 1e-20, 0.6, 0.8, 0, 1 / 3, 2 / 3, 2 / 3, 0, 0, 0]
      #expect(zip(gradient, expected).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) }, "\(gradient)")
    }
  }
}

extension Graph {
  /// A vector of numbers of a type that a test chooses.
  func constant(_ values: [Double], ofType type: ElementType) -> Node {
    type == .float32 ? constant(values.map { Float($0) }, [values.count]) : constant(values, [values.count])
  }
}
