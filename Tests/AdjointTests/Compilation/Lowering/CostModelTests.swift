import AdjointTesting
import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// What a call is estimated to cost, against what it moves and computes, counted from its shapes.
@Suite(.timeLimit(.minutes(20))) struct CostModelTests {
  private let model = CostModel.nominal
  /// What starting a call takes, and a product, which starts three.
  private let call: Float = 60, product: Float = 180

  private func cost(
    _ gate: some Gate, _ operands: [Shape], _ type: Adjoint.ElementType = .float32
  ) throws -> Float {
    func signature(_ shape: Shape) -> Signature { Signature(elementType: type, shape: shape) }
    let shapes = CallShapes(result: signature(try gate.shape(operands)), operands: operands.map(signature))
    return gate.kernel.call(shapes).cost(at: model)
  }

  /// The nanoseconds that moving float32 elements of `shapes` takes.
  private func traffic(_ shapes: Shape...) -> Float {
    Float(4 * shapes.reduce(0) { $0 + $1.elementCount }) / model.bytesPerNanosecond
  }

  private func expectEqual(_ cost: Float, _ expected: Float, _ subject: String) {
    #expect((cost - expected).magnitude <= 1e-4 * expected, "\(subject) costs \(cost), not \(expected)")
  }

  @Test(arguments: GateCatalog.all) func `a call costs no less than what it moves, and no less in double precision`(
    gate: any SampledGate.Type
  ) throws {
    for sample in gate.samples {
      let shapes = sample.operands.map(\.shape), form = sample.gate.kernel.form
      switch form {
      case .source, .alias, .composed: continue
      default: break
      }
      let single = try cost(sample.gate, shapes), double = try cost(sample.gate, shapes, .float64)
      let least = try shapes.reduce(call + traffic(sample.gate.shape(shapes))) { $0 + traffic($1) }
      #expect(single >= least && double >= single, "\(sample) costs \(single), \(double) in double precision")
    }
  }

  @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
  func `a product costs its multiplications, however its operands lie`(transposes: (a: Bool, b: Bool)) throws {
    let (m, n, k, batch) = (24, 40, 56, 3)
    let a: Shape = transposes.a ? [batch, k, m] : [batch, m, k],
      b: Shape = transposes.b ? [batch, n, k] : [batch, k, n]
    let gate = Matmul(transposeA: transposes.a, transposeB: transposes.b)
    let nanoseconds = Float(2 * batch * m * n * k) / model.operationsPerNanosecond
    for (type, time) in [(Adjoint.ElementType.float32, nanoseconds), (.float64, 2 * nanoseconds)] {
      expectEqual(try cost(gate, [a, b], type), product + time, "\(a) times \(b)")
      let sum = AccumulateProduct(product: gate)
      expectEqual(try cost(sum, [[batch, m, n], a, b], type), product + time, "a sum and \(a) times \(b)")
    }
  }

  @Test(arguments: [ConvolutionPart.result, .inputGradient, .kernelGradient])
  func `each part of a convolution that multiplies costs its multiplications`(part: ConvolutionPart) {
    let geometry = ConvolutionGeometry(
      batch: 2, channels: 6, filters: 8, groups: 2,
      rows: .init(image: 9, kernel: 3, result: 7, stride: 1, padding: 0, dilation: 1),
      columns: .init(image: 11, kernel: 5, result: 4, stride: 2, padding: 0, dilation: 1))
    let nanoseconds = Float(2 * 2 * 8 * 3 * (3 * 5) * (7 * 4)) / model.operationsPerNanosecond
    for (type, time) in [(Adjoint.ElementType.float32, nanoseconds), (.float64, 2 * nanoseconds)] {
      let signature = Signature(elementType: type, shape: [1])
      let kernel = LoweredConvolution(part: part, geometry: geometry).kernel
      let call = kernel.call(CallShapes(result: signature, operands: [signature, signature]))
      expectEqual(call.cost(at: model), product + time, "\(part)")
    }
  }

  @Test func `a circular convolution and the correlation of its gradient cost every element times every tap`() throws {
    let circles: Shape = [3, 65]
    for taps in [3, 64] {
      let few: Shape = [3, taps], expected = call + 0.1 * Float(3 * 65 * taps)
      expectEqual(
        try cost(CircularConvolution(), [circles, few]), expected + traffic(circles, circles, few), "\(taps) taps")
      expectEqual(
        try cost(CircularCorrelation(taps: taps), [circles, circles]), expected + traffic(circles, circles, few),
        "the gradient of \(taps) taps")
    }
  }

  @Test func `a window costs each pixel that it folds`() throws {
    let images: Shape = [2, 3, 20, 30]
    for extents in [Extents2D(2, 5), Extents2D(5, 2)] {
      let gate = MaxPool(PoolingWindow(extents, stride: 1))
      let expected = try call + traffic(images, gate.shape([images])) + Float(10 * images.elementCount) / 8
      expectEqual(try cost(gate, [images]), expected, "\(extents)")
    }
    for radius in [0, 1, 4] {
      let expected = call + Float(radius + 1) * traffic(images, images)
      expectEqual(try cost(ChannelWindowSum(radius: radius), [images]), expected, "radius \(radius)")
    }
  }

  @Test func `an operation on rows costs by what it reads, even if it leaves one element of each`() throws {
    let rows: Shape = [16, 1_000], one: Shape = [16]
    let reading = 2 * model.transcendental * Float(rows.elementCount)
    expectEqual(try cost(Softmax(), [rows]), call + traffic(rows, rows) + reading, "softmax")
    expectEqual(try cost(LogSumExp(), [rows]), call + traffic(rows, one) + reading, "log of a sum of powers")
    expectEqual(
      try cost(CrossEntropy(), [rows, one]), call + traffic(rows, one, one) + reading + 2 * model.transcendental * 16,
      "cross-entropy")
  }

  /// What a processor does by an instruction or a few. All other operations compute a power, a logarithm or their like.
  private static let arithmetic: Set<ElementwiseOperation> = [
    .copy, .negate, .square, .squareRoot, .relu, .absolute, .sign, .add, .subtract, .multiply, .divide, .maximum,
    .minimum, .greater, .equal, .select, .route, .downstream, .mutualProduct, .downstreamQuotient, .hypotenuse,
    .floor, .ceiling, .round,
  ]

  @Test(arguments: ElementwiseOperation.allCases)
  func
    `an elementwise operation that is not plain arithmetic costs as a function, as a tensor, in a chain, as a scalar`(
      operation: ElementwiseOperation
    )
  {
    let isFunction = !Self.arithmetic.contains(operation)
    let shape: Shape = [1_000], kernel = Kernel(.elementwise(operation))
    let signature = Signature(elementType: .float32, shape: shape)
    let operands = [Signature](repeating: signature, count: operation.arity)
    let moved = Float(4_000 * (operation.arity + 1)) / model.bytesPerNanosecond
    expectEqual(
      kernel.call(CallShapes(result: signature, operands: operands)).cost(at: model),
      call + moved + (isFunction ? 1_000 * model.transcendental : 0), "\(operation)")
    #expect(operation.isTranscendental == isFunction, "in a chain, \(operation)")
    expectEqual(CostModel.scalarGate(kernel), isFunction ? 4 : 1.5, "\(operation)")
  }

  private func unitCosts(_ outputs: [Node], unitWork: Float = .infinity) throws -> [Float] {
    var options = Program.Options()
    (options.measuresCosts, options.unitWork) = (false, unitWork)
    return try Program(outputs, options: options).plan.unitCosts
  }

  @Test func `a chain costs what it reads and writes, and each of its operations`() throws {
    let graph = Graph()
    let x = graph.input("x", [1_000]), w = graph.input("w", [1_000])
    let product = x * w, y = tanh(product)
    let operations = 1_000 * (0.05 + model.transcendental)
    expectEqual(try unitCosts([y])[0], call + traffic([1_000], [1_000], [1_000]) + operations, "one result")
    expectEqual(
      try unitCosts([y, product])[0], call + traffic([1_000], [1_000], [1_000], [1_000]) + operations, "two results")
  }

  @Test func `a scalar costs its operations, an addition for each contribution behind the first`() throws {
    let graph = Graph()
    let x = graph.input("x"), others = (0..<6).map { graph.input("y\($0)") }
    expectEqual(try unitCosts([sin(x) * x + exp(x)])[0], 4 + 1.5 + 4 + 1.5, "a formula")
    for count in 2...6 {
      let sum = graph.apply(Accumulate(), to: Array(others.prefix(count)))
      expectEqual(try unitCosts([sum])[0], 1.5 * Float(count - 1), "\(count) contributions")
    }
    expectEqual(try unitCosts([select(x, others[0], others[1])])[0], 1.5, "a selection")
  }

  /// By a clock, and so within a wide margin: a wrong unit is wrong by a thousand.
  @Test func `measured speeds are in elements and operations a nanosecond`() {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 3 * 16_384)
    defer { memory.deallocate() }
    memory.initialize(repeating: 0.5, count: 3 * 16_384)
    let plan = MatmulPlan(m: 64, n: 64, k: 64)
    let clock = ContinuousClock()
    let times = (0..<20).map { _ in
      clock.measure {
        runMatmul(
          .float32, plan: plan, a: memory, b: memory + 16_384, output: memory + 2 * 16_384, blocks: 0..<plan.blockCount)
      }
    }
    let nanoseconds = Float(times.min()! / .nanoseconds(1))
    let estimated = 2 * 64 * 64 * 64 / CostModel.measured.operationsPerNanosecond
    #expect(estimated > nanoseconds / 30 && estimated < nanoseconds * 30)
    // No processor moves less than this, or computes functions that slowly, or much faster than the nominal one.
    #expect((0.25...4_096).contains(CostModel.measured.bytesPerNanosecond))
    #expect((0.01...250).contains(CostModel.measured.transcendental))
  }
}
