internal import Adjoint
internal import AdjointTraining

/// A session that computes shards of this rank, one after the other: every `stride`th of them.
struct ShardSession: Sendable {
  let session: Session
  /// Among the shards of this rank.
  let first: Int, stride: Int
  private let sharded: ShardedStep
  private let counters: [Node]

  init(_ sharded: ShardedStep, _ session: Session, first: Int, stride: Int) {
    (self.session, self.first, self.stride, self.sharded) = (session, first, stride, sharded)
    let read = Set(sharded.shard.parameters)
    counters = sharded.counters.filter(read.contains)
  }

  /// Has dropouts of a shard draw what no other shard and step draws.
  ///
  /// - Parameters:
  ///   - shard: among all shards of the batch.
  ///   - count: how many those are.
  func setCounters(shard: Int, of count: Int) throws {
    for counter in counters {
      let value = try session.parameters.withBytes(of: counter.name) { $0.unsafeLoad(as: Int32.self) }
      let turn = value &* Int32(truncatingIfNeeded: count) &+ Int32(truncatingIfNeeded: shard)
      try session.setOwnValue(turn, of: counter)
    }
  }

  /// Writes the values of the run, the loss and what statistics become, where they are summed.
  func writeResults(to memories: [UnsafeMutableRawPointer]) throws {
    for (node, memory) in zip([sharded.loss] + sharded.statistics, memories) {
      let values = try session.doubles(of: node)
      if node.elementType == .float64 {
        memory.assumingMemoryBound(to: Double.self).update(from: values, count: values.count)
      } else {
        memory.assumingMemoryBound(to: Float.self).update(from: values.map { Float($0) }, count: values.count)
      }
    }
  }
}
