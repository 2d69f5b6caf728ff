import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Convolutions along sequences and transposed ones, bags of embeddings, and layers one behind the other.
@Suite(.timeLimit(.minutes(20))) struct WindowLayerTests {
  @Test func `a convolution along sequences is the sum over its window`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 4, 9], .float64)
    let y = graph.scope("net") {
      convolution1D(x, "one", to: 6, kernel: 3, stride: 2, padding: 2, dilation: 2, groups: 2)
    }
    #expect(y.shape == [2, 6, 5])
    #expect(graph.parameters.map(\.name) == ["net/one/kernels", "net/one/bias"])
    #expect(graph.parameters.map(\.shape) == [[6, 2, 3], [6]])
    var given = spreadParameters(of: graph)
    given[x] = wave(x.shape)
    let (input, kernels, bias) = (
      given[x]!.values, given[graph.parameters[0]]!.values, given[graph.parameters[1]]!.values
    )
    let wanted = (0..<60).map { place in
      let (n, f, i) = (place / 30, place / 5 % 6, place % 5)
      var sum = bias[f]
      for c in 0..<2 {
        for k in 0..<3 {
          let column = 2 * i + 2 * k - 2
          guard (0..<9).contains(column) else { continue }
          sum += input[(n * 4 + f / 3 * 2 + c) * 9 + column] * kernels[(f * 2 + c) * 3 + k]
        }
      }
      return sum
    }
    expectEqual(try values(of: [y], at: given)[0], wanted, within: 1e-14)
    try checkGradients(y, withRespectTo: graph.parameters + [x], at: given)
    _ = convolution1D(x, "plain", to: 2, kernel: 3, hasBias: false)
    #expect(graph.parameters.count == 3)
  }

  @Test func `a transposed convolution adds each pixel's kernels to its window`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 4, 3, 2], .float64)
    let y = transposedConvolution(
      x, "up", to: 6, kernel: Extents2D(3, 2), stride: Extents2D(2, 3), padding: Extents2D(1, 0),
      extension: Extents2D(1, 2), dilation: Extents2D(1, 2), groups: 2)
    // (3 − 1) · 2 − 2 + 2 + 1 + 1 and (2 − 1) · 3 + 2 + 1 + 2
    #expect(y.shape == [2, 6, 6, 8])
    #expect(graph.parameters.map(\.name) == ["up/kernels", "up/bias"])
    #expect(graph.parameters.map(\.shape) == [[4, 3, 3, 2], [6]])
    var given = spreadParameters(of: graph)
    given[x] = wave(x.shape)
    let (input, kernels, bias) = (
      given[x]!.values, given[graph.parameters[0]]!.values, given[graph.parameters[1]]!.values
    )
    var wanted = (0..<2 * 6 * 48).map { bias[$0 / 48 % 6] }
    for n in 0..<2 {
      for c in 0..<4 {
        for i in 0..<3 {
          for j in 0..<2 {
            for f in 0..<3 {
              for k in 0..<3 {
                for l in 0..<2 {
                  let (row, column) = (2 * i + k - 1, 3 * j + 2 * l)
                  guard (0..<6).contains(row), (0..<8).contains(column) else { continue }
                  wanted[((n * 6 + c / 2 * 3 + f) * 6 + row) * 8 + column] +=
                    input[((n * 4 + c) * 3 + i) * 2 + j] * kernels[((c * 3 + f) * 3 + k) * 2 + l]
                }
              }
            }
          }
        }
      }
    }
    expectEqual(try values(of: [y], at: given)[0], wanted, within: 1e-14)
    try checkGradients(y, withRespectTo: graph.parameters + [x], at: given)
  }

  @Test func `a transposed convolution has the extents that a convolution came from`() throws {
    for (extent, stride, padding, kernel) in [(16, 2, 1, 4), (7, 3, 0, 3), (9, 1, 2, 5), (8, 4, 1, 3)] {
      let graph = Graph()
      let x = graph.input("x", [1, 1, extent, extent])
      func extents(_ value: Int) -> Extents2D { Extents2D(value, value) }
      let small = convolution(
        x, "down", to: 1, kernel: extents(kernel), stride: extents(stride), padding: extents(padding))
      let rest = (extent + 2 * padding - kernel) % stride
      let large = transposedConvolution(
        small, "up", to: 1, kernel: extents(kernel), stride: extents(stride), padding: extents(padding),
        extension: extents(rest), hasBias: false)
      #expect(large.shape == x.shape)
    }
  }

  @Test func `kernels begin with the variance of their fans`() throws {
    let graph = Graph()
    _ = convolution1D(graph.input("x", [1, 40, 9]), "waves", to: 80, kernel: 5)
    _ = transposedConvolution(graph.input("y", [1, 60, 3, 3]), "up", to: 30, kernel: 3)
    _ = embedding(graph.input("words", [1], .int32), "words", count: 300, width: 64)
    _ = convolution(graph.input("z", [1, 40, 5, 5]), "edges", to: 40, kernel: 3)
    _ = dense(graph.input("d", [1, 100]), "dense", to: 200)
    let variances = [
      "waves/kernels": 2.0 / 200, "up/kernels": 2.0 / 540, "words/table": 1.0 / 64, "edges/kernels": 2.0 / 360,
      "dense/weights": 2.0 / 300,
    ]
    let store = ParameterStore()
    try store.makeParameters(of: graph)
    for (name, variance) in variances {
      let numbers: [Float] = try store.withBytes(of: name) { bytes in
        bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      }
      let measured = numbers.reduce(0) { $0 + Double($1) * Double($1) } / Double(numbers.count)
      // Five standard errors.
      #expect(abs(measured / variance - 1) < 5 * (2 / Double(numbers.count)).squareRoot(), "\(name)")
    }
  }

  @Test func `windows that do not fit are errors of the caller's line`() throws {
    let graph = Graph()
    let sound = graph.input("sound", [2, 4, 9]), images = graph.input("images", [2, 4, 5, 5])
    expectRefusal(convolution1D(images, "images", to: 2, kernel: 3), "sequences have the axes [batch, channels, l")
    expectRefusal(convolution1D(sound, "long", to: 2, kernel: 10), "is larger than the image")
    expectRefusal(convolution1D(sound, "groups", to: 3, kernel: 3, groups: 3), "not divisible into 3 groups")
    expectRefusal(convolution1D(sound, "none", to: 0, kernel: 3), "an extent of 0 holds no element")
    expectRefusal(transposedConvolution(sound, "up", to: 2, kernel: 3), "images have the axes")
    expectRefusal(
      transposedConvolution(images, "far", to: 2, kernel: 3, stride: 2, extension: 2), "the stride of 2 x 2", #line)
    expectRefusal(transposedConvolution(images, "odd", to: 3, kernel: 3, groups: 2), "3 filters are not divisible")
    expectRefusal(transposedConvolution(images, "group", to: 3, kernel: 3, groups: 3), "not divisible into 3 groups")
    expectRefusal(transposedConvolution(images, "gone", to: 3, kernel: 1, padding: 3), "hold no pixel")
    expectRefusal(transposedConvolution(images, "never", to: 3, kernel: 3, stride: 0), "the stride of 0 x 0, got 0 x 0")
    let far = Extents2D(.max, 1)
    expectRefusal(transposedConvolution(images, "huge", to: 3, kernel: 3, stride: far), "the stride of a window")
  }

  // MARK: bags

  @Test(arguments: [false, true]) func `a bag's embedding is the sum or the mean of its rows`(isMean: Bool) throws {
    let graph = Graph()
    let words = graph.input("words", [2, 3], .int32)
    let y = embeddingBag(words, "words", count: 5, width: 2, isMean: isMean, .normal(), .float64)
    #expect(y.shape == [2, 2] && graph.parameters.map(\.name) == ["words/table"])
    let table = graph.parameters[0]
    let session = try Program(y.sum(), gradientsFor: [table], alsoComputing: [y]).makeSession()
    let rows = (0..<10).map(Double.init)
    try session.write([4, 1, 1, 0, 2, 4] as [Int32], to: words)
    try session.write(rows, to: table)
    try session.step()
    let share = isMean ? 1.0 / 3 : 1
    expectEqual(
      try session.read(y, as: Double.self), [12, 15, 12, 15].map { $0 * share }, within: 1e-14)
    let counts: [Double] = [1, 2, 1, 0, 2]
    expectEqual(
      try session.gradient(of: table, as: Double.self), counts.flatMap { [$0 * share, $0 * share] }, within: 1e-14)
  }

  @Test(arguments: [false, true]) func `indices of nothing fill up short bags`(isMean: Bool) throws {
    let graph = Graph()
    let words = graph.input("words", [3, 3], .int32)
    let y = embeddingBag(words, "words", count: 5, width: 2, isMean: isMean, ignoring: -1, .normal(), .float64)
    let table = graph.parameters[0]
    let session = try Program(y.sum(), gradientsFor: [table], alsoComputing: [y]).makeSession()
    // Row 0, which ignored indices read in place of one of their own, counts nowhere but where it is meant.
    try session.write([4, -1, 1, -1, -1, -1, 0, 2, 3] as [Int32], to: words)
    try session.write([.infinity, 1, 2, 3, 4, 5, 6, 7, 8, 9], to: table)
    try session.step()
    let values = try session.read(y, as: Double.self)
    expectEqual(Array(values[..<4]), isMean ? [5, 6, 0, 0] : [10, 12, 0, 0], within: 1e-14)
    #expect(values[4] == .infinity)
    let (half, third) = isMean ? (0.5, 1.0 / 3) : (1, 1)
    expectEqual(
      try session.gradient(of: table, as: Double.self),
      [third, third, half, half, third, third, third, third, half, half], within: 1e-14)
    try session.write([4, -1, 1, -1, -2, -1, 0, 2, 3] as [Int32], to: words)
    #expect(throws: SessionError.self) { try session.step() }
  }

  @Test func `bags of floats, or of no axis, are errors of the caller's line`() throws {
    let graph = Graph()
    expectRefusal(embeddingBag(graph.input("floats", [3]), "floats", count: 5, width: 2, ignoring: 0), "int32")
    expectRefusal(embeddingBag(graph.input("one", [], .int32), "one", count: 5, width: 2), "axis -2 does not exist")
    expectRefusal(
      embeddingBag(graph.input("two", [], .int32), "two", count: 5, width: 2, ignoring: 0), "axis -2 does not", #line)
  }

  // MARK: layers one behind the other

  @Test func `a sequence of layers is one behind the other`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 4], .float64)
    let y = sequential(x, { tanh(dense($0, "a", to: 5)) }, { layerNorm($0, "norm") }, { dense($0, "b", to: 2) })
    var given = spreadParameters(of: graph)
    given[x] = wave(x.shape)
    #expect(graph.parameters.map(\.name) == ["a/weights", "a/bias", "norm/gain", "norm/bias", "b/weights", "b/bias"])
    let other = Graph()
    let z = other.input("x", [3, 4], .float64)
    let nested = dense(layerNorm(tanh(dense(z, "a", to: 5)), "norm"), "b", to: 2)
    var same: [Node: ReferenceTensor] = [z: given[x]!]
    for (mine, its) in zip(graph.parameters, other.parameters) { same[its] = given[mine] }
    #expect(try values(of: [y], at: given) == values(of: [nested], at: same))
    #expect(sequential(x) == x)
  }
}
