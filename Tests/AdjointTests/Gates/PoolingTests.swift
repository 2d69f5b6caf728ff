import Adjoint
import DependencyScheduling
import Testing

@Suite(.timeLimit(.minutes(20))) struct PoolingTests {
  /// The value of `node`, and its gradient with respect to `x` for an upstream gradient of the numbers 1, 2, 3 …
  private func step(_ node: Node, _ x: Node, _ values: [Float]) throws -> (value: [Float], gradient: [Float]) {
    let session = try Program(node, gradientsFor: [x]).makeSession()
    try session.write(values, to: x)
    let count = node.shape.elementCount
    if node.shape.rank > 0 { try session.writeUpstream((1...count).map { Float($0) }, of: node) }
    try session.step()
    let gradient = try session.withGradient(of: x, as: Float.self) { span in span.indices.map { span[$0] } }
    return (try session.read(node, as: Float.self), gradient)
  }

  @Test func `elements that tie for a window's maximum share its gradient evenly`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 2, 4])
    // Windows of two columns that overlap by one: maxima 3 (once), 3 (three times), 3 (once).
    let (value, gradient) = try step(maxPool(x, window: 2, stride: 1), x, [1, 3, 3, 0, 2, 1, 3, 0])
    #expect(value == [3, 3, 3])
    let third = Float(2) / 3
    #expect(gradient == [0, 1 + third, third + 1.5, 0, 0, 0, third + 1.5, 0])
  }

  @Test func `a maximum in the padding is none, even of negative images`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 2, 2])
    let (value, gradient) = try step(maxPool(x, window: 2, stride: 2, padding: 1), x, [-1, -2, -3, -4])
    #expect(value == [-1, -2, -3, -4])
    #expect(gradient == [1, 2, 3, 4])
  }

  @Test func `a NaN makes the windows that hold it NaN, and gets no gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 1, 6])
    let (value, gradient) = try step(maxPool(x, window: Extents2D(1, 2)), x, [1, 2, .nan, 3, 5, 4])
    #expect(value[0] == 2 && value[1].isNaN && value[2] == 5)
    #expect(gradient == [0, 1, 0, 0, 3, 0])
  }

  @Test func `an average counts the pixels of the image, or the padding too if asked to`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 1, 2, 2])
    let ones: [Float] = [1, 1, 1, 1]
    let own = try step(averagePool(x, window: 3, stride: 2, padding: 1), x, ones)
    #expect(own.value == [1] && own.gradient == [0.25, 0.25, 0.25, 0.25])
    let all = try step(averagePool(x, window: 3, stride: 2, padding: 1, countsPadding: true), x, ones)
    #expect(all.value == [Float(4) / 9] && all.gradient == ones.map { $0 / 9 })
  }

  @Test func `windows wider than what is worked at a time are the same`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 1, 3, 1201])
    let values = (0..<2 * 3 * 1201).map { Float(($0 * 7919) % 4001) }
    let (value, gradient) = try step(maxPool(x, window: 3, stride: 2, padding: 1), x, values)
    func pixel(_ image: Int, _ row: Int, _ column: Int) -> Float {
      (0..<3).contains(row) && (0..<1201).contains(column) ? values[(image * 3 + row) * 1201 + column] : -1
    }
    for place in 0..<2 * 2 * 601 {
      let (image, row, column) = (place / 1202, place / 601 % 2, place % 601)
      let seen = (0..<9).map { pixel(image, row * 2 - 1 + $0 / 3, column * 2 - 1 + $0 % 3) }
      #expect(value[place] == seen.max())
    }
    // Each window's gradient arrives, whole numbers below 2^24 in sum.
    #expect(gradient.map(Double.init).reduce(0, +) == Double(2404 * 2405 / 2))
  }

  @Test func `local response normalisation is the paper's formula`() throws {
    let graph = Graph()
    let x = graph.input("x", [1, 4, 1, 2], .float64)
    let y = localResponseNormalization(x, radius: 1, bias: 2, alpha: 0.5, beta: 0.75)
    let session = try Program(y).makeSession()
    let values: [Double] = [1, -2, 3, 0.5, -1, 4, 2, 0]
    try session.write(values, to: x)
    try session.forward()
    let computed = try session.read(y, as: Double.self)
    for channel in 0..<4 {
      for pixel in 0..<2 {
        let neighbours = max(channel - 1, 0)...min(channel + 1, 3)
        let energy = neighbours.reduce(0.0) { $0 + values[$1 * 2 + pixel] * values[$1 * 2 + pixel] }
        let divisor = 2 + 0.5 * energy
        // t^(3/4) by two square roots, which are exactly rounded.
        let power = divisor.squareRoot() * divisor.squareRoot().squareRoot()
        // An exponential and a logarithm within 4 ulp each.
        #expect(abs(computed[channel * 2 + pixel] - values[channel * 2 + pixel] / power) < 1e-14)
      }
    }
  }
}

/// Layouts and tiles lie in planned memory and on the stack.
@Suite(.timeLimit(.minutes(20))) struct SteadyConvolutionTests {
  @Test(arguments: [1, 2]) func `a step of convolution and pooling makes no object and faults in no page`(
    width: Int
  ) async {
    let ended = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) { [width] in
      let graph = Graph()
      let x = graph.input("x", [4, 3, 24, 24])
      let first = graph.parameter("first", [20, 3, 5, 5], .uniform(-0.1...0.1, seed: 1))
      let second = graph.parameter("second", [24, 20, 3, 3], .uniform(-0.1...0.1, seed: 2))
      let features = maxPool(relu(convolution(x, first, padding: 2)), window: 3, stride: 2)
      let normal = localResponseNormalization(features)
      let loss = square(averagePool(convolution(normal, second, stride: 2, padding: 1), window: 2)).mean()
      var options = Program.Options()
      options.measuresCosts = false
      let program = try Program(loss, gradientsFor: [first, second], options: options)
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.write((0..<4 * 3 * 24 * 24).map { Float($0 % 7) }, to: x)
      try countSteps(of: session)
    }
    expectSteady(ended)
  }
}
