import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20))) struct ConvolutionLayerTests {
  private func wave(_ shape: Shape) -> ReferenceTensor {
    ReferenceTensor(shape, .float64, (0..<shape.elementCount).map { sin(Double($0) * 1.7 + 0.3) })
  }

  private func checkGradients(_ output: Node, _ values: [Node: ReferenceTensor]) throws {
    for verdict in try GradientChecker().check(output, withRespectTo: output.graph.parameters, at: values) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `the layer is the sum over its window, plus one bias a filter`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 4, 7, 6], .float64)
    let y = graph.scope("net") {
      convolution(
        x, "one", to: 6, kernel: Extents2D(3, 2), stride: 2, padding: Extents2D(1, 0), dilation: Extents2D(2, 1),
        groups: 2, .uniform(-1...1, seed: 1))
    }
    #expect(y.shape == [2, 6, 3, 3])
    #expect(graph.parameters.map(\.name) == ["net/one/kernels", "net/one/bias"])
    #expect(graph.parameters.map(\.shape) == [[6, 2, 3, 2], [6]])

    let session = try Program(y).makeSession()
    let image = wave([2, 4, 7, 6]).values
    try session.write(image, to: x)
    try session.write([1, 2, 3, 4, 5, 6], to: graph.parameters[1])
    try session.forward()
    let kernels = try session.read(graph.parameters[0], as: Double.self)
    for (place, value) in try session.read(y, as: Double.self).enumerated() {
      let (n, f, i, j) = (place / 54, place / 9 % 6, place / 3 % 3, place % 3)
      var expected = Double(f + 1)
      for c in 0..<2 {
        for k in 0..<3 {
          for l in 0..<2 {
            let (row, column) = (2 * i + 2 * k - 1, 2 * j + l)
            guard (0..<7).contains(row) else { continue }
            expected +=
              image[((n * 4 + f / 3 * 2 + c) * 7 + row) * 6 + column] * kernels[((f * 2 + c) * 3 + k) * 2 + l]
          }
        }
      }
      #expect(abs(value - expected) < 1e-14)  // twelve products of numbers below 1, and a bias below 8
    }
  }

  @Test func `gradients of kernels and bias agree with finite differences, through pooling and a dense layer`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 2, 6, 6], .float64)
    let features = tanh(convolution(x, "features", to: 3, kernel: 3, padding: 1, .glorotUniform(seed: 3)))
    let rows = flattened(averagePool(features, window: 2))
    #expect(rows.shape == [2, 27])
    let y = dense(rows, "out", to: 2, .glorotUniform(seed: 4))
    try checkGradients(y, [x: wave([2, 2, 6, 6])])
  }

  @Test func `without a bias there is one parameter`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 4, 4])
    let y = convolution(x, "plain", to: 2, kernel: 3, hasBias: false, .ones)
    #expect(graph.parameters.map(\.name) == ["plain/kernels"])
    let session = try Program(y).makeSession()
    try session.write([Float](repeating: 1, count: 16), to: x)
    try session.forward()
    #expect(try session.read(y, as: Float.self) == [Float](repeating: 9, count: 8))
  }

  @Test func `kernels begin with the variances of what one output reads, and the bias at 0`() throws {
    let cases: [(Initializer, Double)] = [
      (.heNormal(seed: 1), 2.0 / 75), (.heUniform(seed: 2), 2.0 / 75),
      (.glorotNormal(seed: 3), 2.0 / (75 + 200 * 25)), (.glorotUniform(seed: 4), 2.0 / (75 + 200 * 25)),
      (.normal(deviation: 3, seed: 5), 9),
    ]
    for (initializer, variance) in cases {
      let graph = Graph()
      let x = graph.input("x", [1, 6, 5, 5])
      let y = convolution(x, "layer", to: 200, kernel: 5, groups: 2, initializer)
      let session = try Program(y).makeSession()
      let numbers = try session.read(graph.parameters[0], as: Float.self).map(Double.init)
      #expect(numbers.count == 15_000)
      let measured = numbers.reduce(0) { $0 + $1 * $1 } / 15_000
      #expect(abs(measured / variance - 1) < 5 * (2.0 / 15_000).squareRoot())  // five standard errors
      #expect(try session.read(graph.parameters[1], as: Float.self).allSatisfy { $0 == 0 })
    }
  }

  @Test func `an image or groups that do not fit are reported at the line that called the layer`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 8, 8])
    let errors: [(Node, Int, String)] = [
      (convolution(x, "large", to: 4, kernel: 11, .zeros), #line, "is larger than the image"),
      (
        convolution(x, "grouped", to: 4, kernel: 3, groups: 2, .zeros), #line,
        "3 channels of [2, 3, 8, 8] are not divis"
      ),
      (
        convolution(x, "few", to: 4, kernel: 3, groups: 3, .zeros), #line, "4 filters of [4, 1, 3, 3] are not divisible"
      ),
      (convolution(x, "none", to: 4, kernel: 3, groups: 0, .zeros), #line, "at least one group, got 0"),
      (convolution(x, "shrunk", to: 4, kernel: 3, padding: -1, .zeros), #line, "the padding of a window is 0 to"),
      (convolution(flattened(x), "rows", to: 4, kernel: 3, .zeros), #line, "images have the axes [batch, channels"),
      (convolution(x, "empty", to: 0, kernel: 3, .zeros), #line, "an extent of 0 holds no element"),
    ]
    for (node, line, message) in errors {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      let text = error?.description ?? ""
      #expect(text.contains(message), "\(text)")
      #expect(text.contains("ConvolutionLayerTests.swift:\(line)"), "\(text)")
    }
  }
}
