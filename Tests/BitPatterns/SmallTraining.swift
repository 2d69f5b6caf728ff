import Adjoint
import AdjointTesting
import AdjointTraining

/// A few steps of a network with convolutions, normalisations, a recurrence, dropout and a rate that changes.
struct SmallTraining {
  private static let rows = 20
  private let x: Node, y: Node, step: Node
  private let type: ElementType
  private let trainer: Trainer

  init(_ type: ElementType) throws {
    self.type = type
    let graph = Graph()
    let x = graph.input("x", [5, 2, 10, 10], type), y = graph.input("y", [5], .int32)
    let step = graph.input("step", [], .int32)
    let edges = gelu(convolution(x, "edges", to: 19, kernel: 3, padding: 1, .heNormal(seed: 1)))
    let pooled = maxPool(edges, window: 2)
    let parts = relu(convolution(pooled, "parts", to: 6, kernel: 3, .heNormal(seed: 2)))
    let flat = dropout(layerNorm(flattened(parts), "norm"), rate: 0.25, step: step, seed: 3)
    let cell = LSTMCell(in: graph, "cell", inputs: 54, units: 7, seed: 4, type)
    var state = cell.initialState(rows: 5)
    for _ in 0..<2 { state = cell(flat, state) }
    let logits = dense(
      tanh(dense(state.hidden, "hidden", to: 11, .glorotNormal(seed: 5))), "out", to: 3, .glorotUniform(seed: 6))
    let loss = crossEntropy(logits: logits, labels: y)
    trainer = try Trainer(
      loss, optimizer: AdamW(), rate: .cosine(from: 0.05, over: 7).warmedUp(over: 2),
      batches: Batches(rowCount: Self.rows, batchSize: 5, seed: 7), clippingNorm: 0.7)
    (self.x, self.y, self.step) = (x, y, step)
  }

  func addBits(to hash: inout BitHash) throws {
    for number in 0..<5 {
      let loss = try trainer.takeStep { session, rows in
        let images = rows.map { OperandKind.ordinary.reference([2, 10, 10], type, seed: UInt64($0)).values }
        try session.write(ReferenceTensor([5, 2, 10, 10], type, images.flatMap { $0 }), to: x)
        try session.write(rows.map { Int32($0 % 3) }, to: y)
        try session.write([Int32(number)], to: step)
      }
      hash.add([loss])
    }
    try hash.add(trainer.session.parameters)
  }
}

extension BitHash {
  /// Adds the bytes of all parameters, by name.
  mutating func add(_ store: ParameterStore) throws {
    for name in store.names.sorted() {
      try store.withBytes(of: name) { bytes in
        for place in 0..<bytes.byteCount { add(UInt64(bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self))) }
      }
    }
  }
}
