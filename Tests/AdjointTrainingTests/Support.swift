import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("adjoint-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }
  var contents: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }
}

func bytes(of path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// Writes a new file: one written over would be flushed to disk as it is closed, by file systems that are careful.
func write(_ bytes: [UInt8], to path: String) throws {
  unlink(path)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// A small classifier of points, and 40 points to train it on.
struct Toy {
  static let count = 40
  static let points: [[Float]] = (0..<count).map { number in
    let (a, b, c) = (Float(number % 7), Float(number % 5), Float(number % 3))
    return [a / 3 - 1, b / 2 - 1, c - 1]
  }
  static let labels: [Int32] = points.map { point in
    if point[0] * point[1] > 0 { return 1 }
    return point[2] > 0 ? 2 : 0
  }

  let graph = Graph()
  let x: Node, y: Node, logits: Node, loss: Node

  init(rows: Int = 8) {
    x = graph.input("x", [rows, 3])
    y = graph.input("y", [rows], .int32)
    let hidden = layerNorm(tanh(dense(x, "hidden", to: 12, .glorotUniform(seed: 5))), "norm")
    logits = dense(hidden, "out", to: 3, .heNormal(seed: 6))
    loss = crossEntropy(logits: logits, labels: y).named("loss")
  }

  func trainer(
    _ optimizer: some Optimizer = AdamW(), seed: UInt64 = 9, width: Int = 1, rate: LearningRate? = nil
  ) throws -> Trainer {
    try Trainer(
      loss, optimizer: optimizer, rate: rate ?? .cosine(from: 0.05, over: 30).warmedUp(over: 4),
      batches: Batches(rowCount: Self.count, batchSize: x.shape[0], seed: seed), clippingNorm: 0.8,
      on: try GraphExecutor(width: width))
  }

  func feed(_ session: Session, _ rows: ArraySlice<Int>) throws {
    try session.write(rows.flatMap { Self.points[$0] }, to: x)
    try session.write(rows.map { Self.labels[$0] }, to: y)
  }
}

/// The bits of every parameter of a trainer, by name.
func bits(of trainer: Trainer) throws -> [String: [UInt8]] {
  var result: [String: [UInt8]] = [:]
  let store = trainer.session.parameters
  for name in store.names {
    result[name] = try store.withBytes(of: name) { span in span.withUnsafeBytes { Array($0) } }
  }
  return result
}
