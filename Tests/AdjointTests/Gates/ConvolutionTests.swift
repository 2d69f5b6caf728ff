import Adjoint
import AdjointTesting
import DependencyScheduling
import Testing

/// What the samples of the laws are too small to show: several panels of channels, bands of rows, tiles that end anywhere.
@Suite(.timeLimit(.minutes(20))) struct ConvolutionTests {
  struct Sizes: Sendable, CustomTestStringConvertible {
    var images: Shape
    var kernels: Shape
    var window = ConvolutionWindow()
    var testDescription: String { "\(images) under \(kernels), \(window)" }
  }

  static let sizes = [
    Sizes(images: [2, 3, 19, 31], kernels: [37, 3, 5, 3], window: .init(padding: Extents2D(2, 1))),
    Sizes(images: [3, 20, 9, 7], kernels: [33, 20, 3, 3], window: .init(stride: 2, padding: 1)),
    Sizes(
      images: [2, 18, 11, 40], kernels: [70, 9, 2, 4], window: .init(stride: Extents2D(3, 2), dilation: 2, groups: 2)),
    Sizes(images: [1, 5, 40, 6], kernels: [16, 5, 1, 1], window: .init(stride: 3)),
    Sizes(images: [5, 34, 1, 1], kernels: [17, 34, 1, 1]),
    Sizes(images: [1, 40, 8, 8], kernels: [40, 1, 3, 3], window: .init(padding: 1, groups: 40)),
    Sizes(images: [1, 3, 45, 45], kernels: [64, 3, 11, 11], window: .init(stride: 4, padding: 2)),
    Sizes(images: [1, 2, 3, 3], kernels: [2, 2, 2, 2], window: .init(stride: 5, padding: 7, dilation: 3)),
  ]

  private func samples(_ sizes: Sizes) throws -> [GateSample] {
    let (convolution, image, kernel) = (Convolution(sizes.window), sizes.images, sizes.kernels)
    let result = try convolution.shape([image, kernel])
    return [
      GateSample(convolution, .uniform(image), .uniform(kernel)),
      GateSample(
        ConvolutionInputGradient(sizes.window, image: Extents2D(image[2], image[3])), .uniform(result), .uniform(kernel)
      ),
      GateSample(
        ConvolutionKernelGradient(sizes.window, kernel: Extents2D(kernel[2], kernel[3])), .uniform(image),
        .uniform(result)),
    ]
  }

  private func computed(
    _ gate: some Gate, _ operands: [ReferenceTensor], width: Int
  ) throws -> [Double] {
    let graph = Graph()
    let nodes = operands.indices.map { graph.input("operand\($0)", operands[$0].shape, operands[$0].elementType) }
    let result = graph.apply(gate, to: nodes)
    let session = try Program(result).makeSession(on: GraphExecutor(width: width))
    for (operand, node) in zip(operands, nodes) {
      if operand.elementType == .float64 {
        try session.write(operand.values, to: node)
      } else {
        try session.write(operand.values.map { Float($0) }, to: node)
      }
    }
    try session.forward()
    return operands[0].elementType == .float64
      ? try session.read(result, as: Double.self) : try session.read(result, as: Float.self).map(Double.init)
  }

  private func tensors(_ sample: GateSample, _ type: ElementType, step: Double) -> [ReferenceTensor] {
    var random = SeededGenerator(seed: 7)
    return sample.operands.map { operand in
      ReferenceTensor(
        operand.shape, type,
        (0..<operand.shape.elementCount).map { _ in (Double(random.next() >> 60) - 8) * step })
    }
  }

  /// Multiples of 1/8 between -1 and 1: their products and sums of some thousands of them are exact in float32, so that
  /// every order of additions gives the same number.
  @Test(arguments: sizes) func `a convolution and its gradients are exactly the sums that define them`(sizes: Sizes)
    throws
  {
    for sample in try samples(sizes) {
      let operands = tensors(sample, .float32, step: 0.125)
      let defined = try sample.gate.definition(operands, shape: try sample.gate.shape(operands.map(\.shape)))
      #expect(try computed(sample.gate, operands, width: 2) == defined.values, "\(sample.gate)")
      let doubles = tensors(sample, .float64, step: 0.125)
      #expect(try computed(sample.gate, doubles, width: 1) == defined.values, "\(sample.gate) in float64")
    }
  }

  @Test(arguments: sizes) func `the bits of a convolution are the same at every width`(sizes: Sizes) throws {
    for sample in try samples(sizes) {
      let operands = tensors(sample, .float32, step: 0.1)
      let first = try computed(sample.gate, operands, width: 1)
      for width in [2, 3] { #expect(try computed(sample.gate, operands, width: width) == first, "\(sample.gate)") }
    }
  }

  @Test func `a convolution of ones counts what the kernel sees`() throws {
    let graph = Graph()
    let image = graph.constant(1, [1, 1, 3, 3]), kernel = graph.constant(1, [1, 1, 3, 3])
    let seen = convolution(image, kernel, padding: 1)
    let session = try Program(seen).makeSession()
    try session.forward()
    #expect(try session.read(seen, as: Float.self) == [4, 6, 4, 6, 9, 6, 4, 6, 4])
  }

  @Test func `the gradient reaches a kernel and an image through both orders of differentiation`() throws {
    let graph = Graph()
    let x = graph.parameter("x", [1, 2, 5, 5], .constant(0.5)), w = graph.parameter("w", [3, 2, 3, 3], .constant(0.25))
    let loss = square(convolution(x, w, stride: 2, padding: 1)).sum()
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [x])[0])
    let mixed = try Program(slope.sum(), gradientsFor: [w])
    let session = mixed.makeSession()
    try session.step()
    #expect(try session.withGradient(of: w, as: Float.self) { span in span.indices.allSatisfy { span[$0] != 0 } })
  }

  @Test func `a convolution runs on a session whose program names its first NaN`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 4, 4])
    let y = convolution(log(x).named("logarithm"), graph.constant(1, [1, 1, 3, 3]), padding: 1)
    let session = try Program(y).makeSession()
    try session.write([Float](repeating: -1, count: 16), to: x)
    #expect(try session.firstNonFinite()?.nodeName == "logarithm")
    try session.write([Float](repeating: 1, count: 16), to: x)
    #expect(try session.firstNonFinite() == nil)
  }

  @Test func `a kernel that does not fit is named with its shape and line, and so are the images`() {
    let graph = Graph()
    let images = graph.input("images", [2, 3, 4, 4]); let imagesLine = #line
    let kernels = graph.parameter("kernels", [8, 1, 3, 3], .heNormal(seed: 1)); let kernelsLine = #line
    let bad = convolution(images, kernels); let line = #line
    let message = #expect(throws: GraphError.self) { try Program(bad) }?.description ?? "no error"
    #expect(message.contains("convolution at AdjointTests/ConvolutionTests.swift:\(line)"))
    #expect(message.contains("images [2, 3, 4, 4] float32, made at AdjointTests/ConvolutionTests.swift:\(imagesLine)"))
    #expect(
      message.contains("kernels [8, 1, 3, 3] float32, made at AdjointTests/ConvolutionTests.swift:\(kernelsLine)"))
  }

  @Test(arguments: [
    (0, "a kernel of 5 x 2 is larger than the image of 4 x 4 with padding 0 x 0, 4 x 4"),
    (1, "a kernel of 3 x 3 spread over 9 x 9 is larger than the image of 4 x 4 with padding 1 x 1, 6 x 6"),
    (2, "3 channels of [2, 3, 4, 4] are not divisible into 2 groups"),
    (3, "4 filters of [4, 1, 3, 3] are not divisible into 3 groups"),
    (4, "kernels of [4, 2, 3, 3] read 2 channels, and images of [2, 3, 4, 4] in 1 group have 3"),
    (5, "the padding of a window is 0 to 16777216 pixels, got -1 x 0"),
    (6, "the stride of a window is 1 to 16777216 pixels, got 0 x 0"),
    (7, "images have the axes [batch, channels, height, width], got the shape [2, 3]"),
    (8, "kernels have the axes [filters, channels / groups, height, width], got the shape [3]"),
    (9, "channels come in at least one group, got 0"),
    (10, "a kernel of 5 x 5 is larger than the image of 4 x 4 with padding 0 x 0, 4 x 4"),
    (11, "a padding of 2 x 2 lets a window of 2 x 2 see nothing of the image"),
    (12, "images have the axes [batch, channels, height, width], got the shape [2, 3]"),
    (13, "a radius of -1 holds no channel"),
    (14, "the upstream gradient of a convolution to [2, 4, 2, 2] has the shape [2, 4, 3, 3]"),
    (15, "the dilation of a window is 1 to 16777216 pixels, got \(Int.max) x 1"),
  ]) func `a convolution or pooling that does not fit says why, and where`(mistake: Int, sentence: String) {
    let graph = Graph()
    let x = graph.input("images", [2, 3, 4, 4]), flat = graph.input("flat", [2, 3])
    func kernel(_ shape: Shape) -> Node { graph.input("kernels", shape) }
    let bad =
      switch mistake {
      case 0: convolution(x, kernel([4, 3, 5, 2]))
      case 1: convolution(x, kernel([4, 3, 3, 3]), padding: 1, dilation: 4)
      case 2: convolution(x, kernel([4, 1, 3, 3]), groups: 2)
      case 3: convolution(x, kernel([4, 1, 3, 3]), groups: 3)
      case 4: convolution(x, kernel([4, 2, 3, 3]))
      case 5: convolution(x, kernel([4, 3, 3, 3]), padding: Extents2D(-1, 0))
      case 6: convolution(x, kernel([4, 3, 3, 3]), stride: 0)
      case 7: convolution(flat, kernel([4, 3, 3, 3]))
      case 8: convolution(x, kernel([3]))
      case 9: convolution(x, kernel([4, 3, 3, 3]), groups: 0)
      case 10: maxPool(x, window: 5)
      case 11: averagePool(x, window: 2, padding: 2)
      case 12: maxPool(flat, window: 2)
      case 13: localResponseNormalization(x, radius: -1)
      case 14:
        graph.apply(ConvolutionInputGradient(image: 4), to: [graph.input("u", [2, 4, 3, 3]), kernel([4, 3, 3, 3])])
      default: convolution(x, kernel([4, 3, 3, 3]), dilation: Extents2D(.max, 1))
      }
    let error = #expect(throws: GraphError.self) { try Program(bad) }
    #expect(error?.kind == .shapeMismatch)
    let message = error?.description ?? "no error"
    #expect(message.contains(sentence), "\(message)")
    #expect(message.contains("at AdjointTests/ConvolutionTests.swift:"), "\(message)")
  }
}
