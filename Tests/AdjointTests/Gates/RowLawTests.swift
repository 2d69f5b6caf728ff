import AdjointTesting
import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// A row of a result has the same bits whatever else is in its batch.
@Suite(.timeLimit(.minutes(20))) struct RowLawTests {
  /// All, but with a library's products those without.
  private static let held = GateCatalog.all.filter { gate in
    MatmulPlan.areProductsOurs || ![Matmul.name, AccumulateProduct.name].contains(gate.name)
  }

  @Test(arguments: held) func `a row does not depend on its batch`(gate: any SampledGate.Type) throws {
    #expect(try GateLaw.rows.violations(of: gate) == [])
  }

  /// Gates whose samples have no independent rows: they are told their shapes, or add rows up. For a new one, look
  /// whether that is so for any of its forms.
  static let withoutRows: Set<String> = [
    "reshape", "broadcast", "transpose", "slice", "pad", "splice rows", "scanPart", "scatterAddRows", "replaceRows",
    "convolutionKernelGradient", "logProbability",
  ]

  @Test func `the law says something of every gate but those that mix their rows`() throws {
    let without = GateCatalog.all.filter { gate in
      gate.samples.allSatisfy { !$0.isFinite || RowLaw.batches(of: $0, .float32).isEmpty }
    }
    #expect(Set(without.map { $0.name }) == Self.withoutRows)
  }

  @Test func `a kernel that adds otherwise in a large batch is reported`() throws {
    #expect(try GateLaw.kernel.violations(of: SumOfFew.self) == [])
    let violations = try GateLaw.rows.violations(of: SumOfFew.self)
    #expect(violations.count == 2)  // two types
    #expect(violations.description.contains(" of 40, operands [0] of sumOfFew"))
  }

  /// What a server answers: a convolution, pooling, products, norms and probabilities, whatever else is asked with it.
  @Test(.enabled(if: MatmulPlan.areProductsOurs), arguments: [1, 2, 3])
  func `a network's answer does not depend on its batch`(width: Int) throws {
    let (rowCount, inputCount) = (RowLaw.mostRows, 12 * 12)
    let images = (0..<rowCount * inputCount).map { Float(($0 * 7919) % 1009) / 500 - 1 }
    let executor = try GraphExecutor(width: width)
    func answers(_ rows: Range<Int>) throws -> [Float] {
      let (graph, image, answer) = Self.network(batch: rows.count)
      let session = try Program(answer).makeSession(on: executor)
      try session.write(Array(images[rows.lowerBound * inputCount..<rows.upperBound * inputCount]), to: image)
      try session.forward()
      _ = graph
      return try session.read(answer, as: Float.self)
    }
    let alone = try (0..<rowCount).map { try answers($0..<$0 + 1) }
    for count in 2...rowCount {
      let together = try answers(0..<count)
      for row in 0..<count {
        #expect(
          together[row * 10..<(row + 1) * 10].map(\.bitPattern) == alone[row].map(\.bitPattern), "\(row) of \(count)")
      }
    }
  }

  private static func network(batch: Int) -> (graph: Graph, image: Node, answer: Node) {
    let graph = Graph()
    let image = graph.input("image", [batch, 1, 12, 12])
    let kernel = graph.parameter("kernel", [8, 1, 3, 3], .glorotUniform(seed: 1))
    let features = maxPool(relu(convolution(image, kernel)), window: 2)
    let flat = features.reshaped([batch, features.shape.elementCount / batch])
    let first = graph.parameter("first", [flat.shape[1], 300], .glorotUniform(seed: 2))
    let second = graph.parameter("second", [300, 10], .glorotUniform(seed: 3))
    let hidden = gelu(layerNormalization(flat.matmul(first)))
    return (graph, image, softmax(hidden.matmul(second)))
  }
}

/// The sum of each row, in another order from 40 rows on.
private struct SumOfFew: Gate, SampledGate {
  static let name = "sumOfFew"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { Shape([inputs[0][0]]) }
  var kernel: Kernel {
    .custom { arguments in
      func fill<T: GraphScalar>(_: T.Type) throws {
        let (x, y) = try (arguments.input(0, as: T.self), arguments.output(as: T.self))
        let width = x.count / y.count
        for row in 0..<y.count {
          let terms = (0..<width).map { x[row * width + $0].asDouble }
          y[row] = T(rounding: (y.count < 40 ? terms : terms.reversed()).reduce(0) { T(rounding: $0 + $1).asDouble })
        }
      }
      if arguments.outputType == .float64 { try fill(Double.self) } else { try fill(Float.self) }
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.reshaped([upstream.shape[0], 1]).broadcast(to: node.inputs[0].shape)]
  }
  static let samples = [GateSample(Self(), .uniform([2, 9]))]
}
