import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// Windows at and over the edges of images: every one of 1 to 4 pixels, 1 to 4 apart, over 1 to 4 pixels, with a
/// padding of 0 to 3, against the gates' definitions. Some of these convolutions meet no pixel at all.
@Suite(.timeLimit(.minutes(20))) struct WindowEdgeTests {
  private struct Edge {
    let image, window, stride, padding: Int

    static let all: [Edge] = (0..<256).map {
      Edge(image: $0 % 4 + 1, window: $0 / 4 % 4 + 1, stride: $0 / 16 % 4 + 1, padding: $0 / 64)
    }

    /// Along one of the axes, the other one of the kind that networks use, or of one pixel.
    var convolutions: [(window: ConvolutionWindow, image: Shape, kernel: Shape)] {
      [
        (.init(stride: Extents2D(stride, 1), padding: Extents2D(padding, 0)), [1, 2, image, 1], [2, 2, window, 1]),
        (.init(stride: Extents2D(2, stride), padding: Extents2D(1, padding)), [1, 1, 3, image], [2, 1, 3, window]),
      ]
    }

    var poolings: [(window: PoolingWindow, image: Shape)] {
      [
        (
          .init(Extents2D(window, 1), stride: Extents2D(stride, 1), padding: Extents2D(padding, 0)), [1, 2, image, 1]
        ),
        (
          .init(Extents2D(2, window), stride: Extents2D(2, stride), padding: Extents2D(1, padding)), [1, 1, 3, image]
        ),
      ]
    }
  }

  /// Gates, each with operands of its own, in one graph.
  private struct Applications {
    let graph = Graph()
    private(set) var results: [Node] = []
    private var values: [Node: ReferenceTensor] = [:]
    private var random = SeededGenerator(seed: 0)
    let isFinite: Bool

    init(isFinite: Bool) { self.isFinite = isFinite }

    /// Applies `gate` to operands of these shapes, if they go with it.
    mutating func add(_ gate: some Gate, _ shapes: [Shape]) {
      guard (try? gate.shape(shapes)) != nil else { return }
      let operands = shapes.map { input($0) }
      results.append(graph.apply(gate, to: operands))
    }

    /// Eighths, whose sums are exact in any order; if it is not finite, some are infinite or NaN.
    private mutating func input(_ shape: Shape) -> Node {
      let node = graph.input("input\(values.count)", shape)
      values[node] = ReferenceTensor(shape, .float32) { _ in
        let bits = random.next(), chosen = bits >> 59
        if !isFinite, chosen < 4 { return [.infinity, -.infinity, .nan, .infinity][Int(chosen)] }
        return Double(Int(bits >> 54 & 15) - 8) / 8
      }
      return node
    }

    func check() throws {
      let defined = try ReferenceEngine(graph).run(feeding: values)
      let session = try Program(results).makeSession()
      for (node, value) in values { try session.write(value, to: node) }
      try session.forward()
      for result in results {
        let computed = try session.referenceValue(of: result).values
        let expected = try #require(defined[result]).values
        // Eighths are exact; means of them round, a few times each, below 2.
        let isRight = zip(computed, expected).allSatisfy { x, y in
          x.isNaN && y.isNaN || x == y || (x - y).magnitude <= 0x1p-22
        }
        #expect(isRight, "\(result.name) of \(result.inputs.map(\.shape)): \(computed), not \(expected)")
      }
    }
  }

  @Test(arguments: [true, false]) func `every small convolution and its gradients are what their definitions say`(
    isFinite: Bool
  ) throws {
    var applications = Applications(isFinite: isFinite)
    for edge in Edge.all {
      for (window, image, kernel) in edge.convolutions {
        guard let result = try? Convolution(window).shape([image, kernel]) else { continue }
        applications.add(Convolution(window), [image, kernel])
        let input = ConvolutionInputGradient(window, image: Extents2D(image[2], image[3]))
        applications.add(input, [result, kernel])
        applications.add(
          ConvolutionKernelGradient(window, kernel: Extents2D(kernel[2], kernel[3])), [image, result])
      }
    }
    try applications.check()
  }

  @Test(arguments: [true, false]) func `every small pooling and its gradient are what their definitions say`(
    isFinite: Bool
  ) throws {
    var applications = Applications(isFinite: isFinite)
    for edge in Edge.all {
      for (window, image) in edge.poolings {
        guard let result = try? window.result(of: image) else { continue }
        applications.add(MaxPool(window), [image])
        applications.add(MaxPoolGradient(window), [result, image])
        applications.add(MaxPoolSelection(window), [image, image])
        for counts in [false, true] {
          applications.add(AveragePool(window, countsPadding: counts), [image])
          let spread = AveragePoolGradient(
            window, countsPadding: counts, image: Extents2D(image[2], image[3]))
          applications.add(spread, [result])
        }
      }
    }
    try applications.check()
  }

  @Test func `a convolution whose kernel meets no pixel is 0, and so are its gradients`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 1, 1]), w = graph.parameter("w", [1, 1, 1, 1], .constant(2))
    let y = convolution(x, w, stride: 2, padding: 1)
    let session = try Program(square(y + 1).sum(), gradientsFor: [x, w], alsoComputing: [y]).makeSession()
    try session.write([Float.infinity], to: x)
    try session.step()
    #expect(try session.read(y, as: Float.self) == [0, 0, 0, 0])
    #expect(try session.gradient(of: x, as: Float.self) == [0])
    #expect(try session.gradient(of: w, as: Float.self) == [0])
  }

  @Test func `an infinite element of a kernel spoils the gradients of no pixel that it never touches`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 1, 5]), w = graph.input("w", [1, 1, 1, 3])
    let strided = convolution(x, w, stride: 3), padded = convolution(x, w, padding: Extents2D(0, 1))
    let session = try Program([strided, padded], gradientsFor: [x, w]).makeSession()
    func run(_ kernel: [Float], upstream: ([Float], [Float])) throws -> (x: [Float], w: [Float]) {
      try session.write([Float](repeating: 1, count: 5), to: x)
      try session.write(kernel, to: w)
      try session.writeUpstream(upstream.0, of: strided)
      try session.writeUpstream(upstream.1, of: padded)
      try session.step()
      return try (session.gradient(of: x, as: Float.self), session.gradient(of: w, as: Float.self))
    }
    let gradient = try run([.infinity, 2, 3], upstream: ([1], [0.5, 0.5, 0.5, 0.5, 0.5]))
    #expect(try session.read(padded, as: Float.self) == [5, .infinity, .infinity, .infinity, .infinity])
    #expect(gradient.x == [.infinity, .infinity, .infinity, .infinity, 2.5] && gradient.w == [3, 3.5, 3])
    // The first result of the padded one meets the elements at 1 and 2 alone, the last one those at 0 and 1.
    #expect(try run([1, 1, 1], upstream: ([1], [.infinity, 0, 0, 0, 0])).w == [1, .infinity, .infinity])
  }

  @Test func `holes between strided gradients meet no infinity`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 1, 5]), w = graph.input("w", [1, 1, 1, 3])
    let session = try Program(convolution(x, w, stride: 3).sum(), gradientsFor: [x]).makeSession()
    try session.write([Float](repeating: 1, count: 5), to: x)
    try session.write([Float.infinity, 2, 3], to: w)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [.infinity, 2, 3, 0, 0])
  }
}
