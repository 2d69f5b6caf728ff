import Adjoint
import AdjointTesting
import AdjointTraining

/// Three steps each of Adagrad, Lion and LAMB, down a network of recurrences, attention, windows along sequences and
/// normalised groups, by a loss of smoothed labels some of which do not count.
struct LayersTraining {
  private static let rows = 4, length = 10
  private let x: Node, words: Node, labels: Node
  private let type: ElementType
  private let trainer: Trainer

  init(_ type: ElementType, _ optimizer: some Optimizer) throws {
    self.type = type
    let graph = Graph()
    let (rows, length) = (Self.rows, Self.length)
    x = graph.input("x", [rows, 3, length], type)
    words = graph.input("words", [rows, 5], .int32)
    labels = graph.input("labels", [rows], .int32)
    let bags = embeddingBag(words, "words", count: 9, width: 16, isMean: true, ignoring: -1, nil, type)
    let waves = groupNorm(gelu(convolution1D(x, "waves", to: 16, kernel: 3, padding: 1)), "norm", groups: 4)
    let frames = waves.transposed([0, 2, 1]) + bags.reshaped([rows, 1, 16])
    let seen = frames + multiHeadAttention(frames, "attention", heads: 4, isCausal: true)
    let cell = GRUCell(in: graph, "reader", inputs: 16, units: 12, type)
    let image = cell.scan(over: seen.transposed([1, 0, 2])).state.reshaped([rows, 3, 2, 2])
    let large = transposedConvolution(image, "large", to: 2, kernel: 3, stride: 2, padding: 1, extension: 1)
    let logits = dense(flattened(large), "out", to: 5)
    trainer = try Trainer(
      crossEntropy(logits: logits, labels: labels, smoothing: 0.1, ignoring: 4, reduction: .mean),
      optimizer: optimizer, rate: .constant(0.01),
      batches: Batches(rowCount: 3 * rows, batchSize: rows, seed: 1), clippingNorm: 1)
  }

  func addBits(to hash: inout BitHash) throws {
    for _ in 0..<3 {
      let loss = try trainer.takeStep { session, rows in
        let sounds = rows.map { OperandKind.ordinary.reference([3, Self.length], type, seed: UInt64($0)).values }
        try session.write(ReferenceTensor([Self.rows, 3, Self.length], type, sounds.flatMap { $0 }), to: x)
        func word(_ row: Int, _ place: Int) -> Int32 { Int32((row * 3 + place * place) % 10 - 1) }
        try session.write(rows.flatMap { row in (0..<5).map { word(row, $0) } }, to: words)
        try session.write(rows.map { Int32($0 % 5) }, to: labels)
      }
      hash.add([loss])
    }
    try hash.add(trainer.session.parameters)
  }
}
