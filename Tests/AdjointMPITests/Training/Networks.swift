import Adjoint
import AdjointTraining
import DependencyScheduling
import Foundation
import Testing

@testable import AdjointMPI

/// Trainings that meet all that could depend on the number of ranks: dropout, noise, running statistics, small and
/// large gradients, clipping, averages.
enum TrainingCase: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case plain, dropout, noise, statistics, clipped, averaged, doubles

  var testDescription: String { rawValue }

  static let rowCount = 96, batchSize = 32, width = 24, classes = 5

  /// The features of a row, and its class: formulas of its number.
  static func feature(_ row: Int, _ column: Int) -> Double {
    var generator = SeededGenerator(seed: UInt64(row * 1_000 + column))
    return Double(generator.next() % 2_001) / 1_000 - 1
  }
  static func label(_ row: Int) -> Int32 {
    Int32((row * 7 + Int(feature(row, 0) * 10)) % classes + classes) % Int32(classes)
  }

  /// - Parameters:
  ///   - shards: how many a batch is cut into.
  ///   - cluster: the ranks.
  ///   - width: of the executor.
  ///   - seed: of the data's order.
  func trainer(shards: Int, on cluster: Cluster, width: Int, seed: UInt64 = 11) throws -> ClusterTrainer {
    let executor = try GraphExecutor(width: width, sharing: .always)
    return try trainer(shards: shards, on: cluster, executor: executor, seed: seed)
  }

  func trainer(
    shards: Int, on cluster: Cluster, executor: any ScheduleExecutor, seed: UInt64 = 11
  ) throws -> ClusterTrainer {
    let graph = Graph(), rows = Self.batchSize / shards
    let type: ElementType = self == .doubles ? .float64 : .float32
    let x = graph.input("x", [rows, Self.width], type), labels = graph.input("labels", [rows], .int32)
    var updates: [ParameterUpdate] = []
    var seen = x
    if self == .noise {
      let noise = NoiseLayer(in: graph, "noise", seed: 9)
      (seen, updates) = (x + 0.5 * noise([Self.width]), noise.updates)
    }
    // Large enough to travel by itself: 24 × 400 float32 are 38,400 bytes.
    var hidden = relu(dense(seen, "hidden", to: 400))
    switch self {
    case .dropout:
      let dropout = DropoutLayer(in: graph, "dropout", seed: 5)
      hidden = dropout(hidden, rate: 0.5)
      updates = dropout.updates
    case .statistics:
      let norm = BatchNorm(in: graph, "norm", channels: 400)
      let (output, changes) = norm(hidden)
      (hidden, updates) = (output, changes)
    default: break
    }
    let loss = crossEntropy(logits: dense(hidden, "classes", to: Self.classes), labels: labels)
    return try ClusterTrainer(
      loss, optimizer: Adam(), rate: .constant(0.01), shards: shards,
      batches: Batches(rowCount: Self.rowCount, batchSize: Self.batchSize, seed: seed),
      clippingNorm: self == .clipped ? 0.1 : nil, averageDecay: self == .averaged ? 0.5 : nil,
      alsoUpdating: updates, on: cluster, executor: executor
    ) { session, rows in
      let features = rows.flatMap { row in (0..<Self.width).map { Self.feature(row, $0) } }
      try session.write(features, to: x)
      try session.write(rows.map(Self.label), to: labels)
    }
  }
}

extension ClusterTrainer {
  /// All that a training has computed, as bits.
  func bits() throws -> [String: [UInt8]] {
    var bits: [String: [UInt8]] = [:]
    for name in parameters.names {
      bits[name] = try parameters.withBytes(of: name) { $0.withUnsafeBytes { Array($0) } }
    }
    return bits
  }
}
