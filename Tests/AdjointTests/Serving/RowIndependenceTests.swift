import AdjointTesting
import Testing

@testable import Adjoint

/// Which programs answer each row by itself.
@Suite(.timeLimit(.minutes(20))) struct RowIndependenceTests {
  /// The reason why rows of `output` may depend on one another; `nil` if they do not.
  private func reason(_ output: Node, rows: Int, _ inputs: Node...) -> String? {
    do throws(ServingError) {
      try RowIndependence.check(
        output.graph.snapshot(), inputs: Set(inputs.map(\.id)), outputs: [output.id], rowCount: rows)
      return nil
    } catch {
      return error.description
    }
  }

  // MARK: the catalogue

  @Test(arguments: GateCatalog.all) func `a gate that is said to keep rows apart gives each the bits it has by itself`(
    gate: any SampledGate.Type
  ) throws {
    for sample in gate.samples where sample.isFinite {
      for type in ElementType.ofArithmetic {
        // A gate with extents of its own may take no single row.
        for batch in RowLaw.candidates(of: sample, type) where batch.application(rowCount: 1) != nil {
          for count in [2, 3, 8, 17] where keepsRowsApart(batch, count) {
            let together = try batch.computed(rows: 0..<count)
            let width = together.count / count
            for row in 0..<count {
              let alone = try batch.computed(rows: row..<row + 1)
              #expect(
                together[row * width..<(row + 1) * width].elementsEqual(alone), "row \(row) of \(count), \(batch)")
            }
          }
        }
      }
    }
  }

  private func keepsRowsApart(_ batch: RowBatch, _ count: Int) -> Bool {
    guard let (gate, operands, result) = batch.application(rowCount: count) else { return false }
    return RowIndependence.keepsRowsApart(gate, operands, result, hasRows: batch.stacked, rowCount: count)
  }

  /// Gates whose rows are independent by their definition in some application, and are never said to be.
  @Test func `few gates of the catalogue are refused without need`() {
    var refused: [String] = [], known = 0
    for gate in GateCatalog.all {
      let batches = gate.samples.filter(\.isFinite).flatMap { RowLaw.batches(of: $0, .float64) }
      if batches.contains(where: { keepsRowsApart($0, 3) }) {
        known += 1
      } else if !batches.isEmpty {
        refused.append(gate.name)
      }
    }
    #expect(refused == Self.neverApart)
    #expect(known > 50)
  }

  private static let neverApart = [
    "squaredNorm", "circularConvolution", "circularCorrelation", "dropout", "convolutionInputGradient",
    "maxPoolGradient", "maxPoolSelection", "averagePoolGradient", "accumulate product",
  ]

  // MARK: graphs

  @Test func `a network of dense, normalised and attending layers keeps rows apart`() {
    for rows in [2, 3, 16] {
      let graph = Graph()
      let x = graph.input("x", [rows, 4, 6])
      func weights(_ name: String, _ shape: Shape) -> Node { graph.parameter(name, shape, .heNormal(seed: 1)) }
      let bias = weights("bias", [6])
      let (query, key, value) = (
        x.matmul(weights("q", [6, 6])), x.matmul(weights("k", [6, 6])), x.matmul(weights("v", [6, 6]))
      )
      let attention = softmax(query.matmul(key.transposed([0, 2, 1]))).matmul(value)
      let hidden = layerNormalization(x + attention) * weights("gain", [6]) + bias.broadcast(to: [rows, 4, 6])
      let flat = relu(hidden).reshaped([rows, 24]).matmul(weights("out", [24, 5]))
      let state = graph.constant(0, [rows, 5])
      let output = maximum(flat + state, flat.mean(axes: [1], keepsAxes: true))
      #expect(reason(output, rows: rows, x) == nil)
      #expect(reason(softmax(output), rows: rows, x) == nil)
    }
  }

  @Test func `a network of convolutions and tables keeps rows apart`() {
    let graph = Graph()
    let images = graph.input("images", [4, 1, 8, 8]), words = graph.input("words", [4, 3], .int32)
    let kernels = graph.parameter("kernels", [2, 1, 3, 3], .heNormal(seed: 1))
    let bias = graph.parameter("bias", [2], .zeros)
    let pooled = maxPool(relu(convolution(images, kernels) + bias.reshaped([1, 2, 1, 1])), window: 2, stride: 2)
    let table = graph.parameter("table", [10, 6], .heNormal(seed: 2))
    let embedded = table.gatheringRows(words)
    let output = concatenate([pooled.reshaped([4, 18]), embedded.reshaped([4, 18])], axis: 1)
    #expect(reason(output, rows: 4, images, words) == nil)
  }

  @Test func `statistics of the batch and sums over rows are refused, with name and line`() throws {
    let graph = Graph()
    let x = graph.input("x", [6, 6])
    let weights = graph.parameter("weights", [6, 6], .heNormal(seed: 1))
    let mixing: [Node] = [
      x - x.mean(axes: [0]), x - x.mean(), x + x.sum(axes: [0], keepsAxes: true), softmax(x.transposed()),
      weights.matmul(x), x.matmul(x.transposed()), x.sliced(0..<3).reshaped([6, 3]),
      concatenate([x, x], axis: 0), x.cumulativeSum(axis: 0), x.reshaped([36]).cumulativeSum(axis: 0),
      x.max(axes: [0]).broadcast(to: [6, 6]) + x, layerNormalization(x.reshaped([3, 12])),
    ]
    for output in mixing {
      let reason = try #require(self.reason(output, rows: 6, x), "\(output.name)")
      #expect(reason.contains("RowIndependenceTests.swift"), "\(reason)")
    }
  }

  @Test func `what depends on a row's place in the batch is refused`() {
    let graph = Graph()
    let x = graph.input("x", [4, 3])
    let places = graph.constant([0, 1, 2, 3] as [Float], [4, 1])
    #expect(reason(x + places, rows: 4, x) != nil)
    #expect(reason(x * graph.parameter("rows", [4, 3], .zeros), rows: 4, x) != nil)
    #expect(reason(dropout(x, rate: 0.5, step: graph.input("step", [], .int32), seed: 1), rows: 4, x) != nil)
    #expect(reason(places * 2, rows: 4, x) != nil, "an output that no row is fed to")
    #expect(reason(x + graph.constant(3, [4, 1]), rows: 4, x) == nil)
  }

  /// Each row of x by a rule of its own.
  private struct Doubled: Gate {
    static let name = "doubled"
    func shape(_ inputs: [Shape]) -> Shape { inputs[0] }
    var kernel: Kernel {
      .custom { arguments in
        let (x, y) = (try arguments.input(0, as: Float.self), try arguments.output(as: Float.self))
        for place in y.indices { y[place] = 2 * x[place] }
      }
    }
    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [2 * upstream] }
  }

  private struct DoubledRows: RowwiseGate {
    static let name = "doubledRows"
    func shape(_ inputs: [Shape]) -> Shape { inputs[0] }
    var kernel: Kernel { Doubled().kernel }
    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [2 * upstream] }
    func keepsRowsApart(_ application: RowApplication) -> Bool { application.hasRowsOnlyAlongFirstAxis(of: [0]) }
  }

  private struct Cubed: ElementwiseGate {
    static let name = "cubed"
    func value(_ x: ElementOperands) -> Double { x[0] * x[0] * x[0] * x[1] }
    func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil, nil] }
  }

  @Test func `a gate of one's own is refused unless it says so, or has a formula for each element`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3])
    let reason = try #require(self.reason(graph.apply(Doubled(), to: [x]), rows: 4, x))
    #expect(reason.contains("doubled") && reason.contains("RowIndependenceTests.swift"))
    #expect(self.reason(graph.apply(DoubledRows(), to: [x]), rows: 4, x) == nil)
    #expect(self.reason(graph.apply(DoubledRows(), to: [x.reshaped([2, 6])]), rows: 4, x) != nil)
    let scales = graph.parameter("scales", [3], .zeros), places = graph.parameter("places", [4, 1], .zeros)
    #expect(self.reason(graph.apply(Cubed(), to: [x, scales]), rows: 4, x) == nil)
    #expect(self.reason(graph.apply(Cubed(), to: [x, places]), rows: 4, x) != nil)
  }

  @Test func `what outputs do not read may mix rows`() {
    let graph = Graph()
    let x = graph.input("x", [4, 3])
    _ = x.sum()
    #expect(reason(x * 2, rows: 4, x) == nil)
  }
}
