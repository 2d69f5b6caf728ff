import Adjoint
import AdjointTesting
import AdjointTraining

/// Five steps of one layer of attention over sequences of symbols, each of which sees those before it.
struct AttentionTraining {
  private static let rows = 3, length = 18, units = 20, symbols = 11
  private let text: Node, next: Node
  private let trainer: Trainer

  init(_ type: ElementType) throws {
    let graph = Graph()
    let count = Self.rows * Self.length
    text = graph.input("text", [count], .int32)
    next = graph.input("next", [count], .int32)
    let table = graph.parameter("symbols", [Self.symbols, Self.units], .glorotUniform(seed: 1), type)
    let embedded = table.gatheringRows(text)
    func projected(_ x: Node, _ name: String, _ seed: UInt64) -> Node {
      AdjointTraining.dense(x, name, to: Self.units, .glorotUniform(seed: seed))
        .reshaped([Self.rows, Self.length, Self.units])
    }
    let normed = layerNorm(embedded, "before")
    let (query, key, value) = (
      projected(normed, "query", 2), projected(normed, "key", 3), projected(normed, "value", 4)
    )
    let scores = query.matmul(key.transposed([0, 2, 1])) * 0.25
    let isHidden = (0..<Self.length).flatMap { row in (0..<Self.length).map { $0 > row ? -1e9 : 0.0 } }
    let mask = graph.constant(doubles: isHidden, [Self.length, Self.length], type)
    let seen = softmax(scores + mask).matmul(value).reshaped([count, Self.units])
    let mixed = layerNorm(
      embedded + AdjointTraining.dense(seen, "mixed", to: Self.units, .glorotUniform(seed: 5)), "after")
    let hidden = gelu(AdjointTraining.dense(mixed, "hidden", to: 33, .heNormal(seed: 6)))
    let logits = AdjointTraining.dense(hidden, "logits", to: Self.symbols, .glorotUniform(seed: 7))
    trainer = try Trainer(
      crossEntropy(logits: logits, labels: next), optimizer: Adam(), rate: .constant(0.01),
      batches: Batches(rowCount: 4 * Self.rows, batchSize: Self.rows, seed: 8))
  }

  func addBits(to hash: inout BitHash) throws {
    for _ in 0..<5 {
      let loss = try trainer.takeStep { session, rows in
        func symbols(from first: Int) -> [Int32] {
          rows.flatMap { row in (first..<first + Self.length).map { Int32(($0 * (row + 2) + $0 * $0) % Self.symbols) } }
        }
        try session.write(symbols(from: 0), to: text)
        try session.write(symbols(from: 1), to: next)
      }
      hash.add([loss])
    }
    try hash.add(trainer.session.parameters)
  }
}
