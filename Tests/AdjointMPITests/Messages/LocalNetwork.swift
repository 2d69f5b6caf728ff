import DependencyScheduling
import Foundation
import Threads

@testable import AdjointMPI

/// A network within one process: what it delivers, it delivers in an order that a seed decides, but for messages of one
/// sender, receiver and tag. Ranks may be cut off.
final class LocalNetwork: @unchecked Sendable {  // because `lock` guards what changes
  private struct Way: Hashable {
    let sender: Int, receiver: Int, tag: Int
  }

  private let lock = PlatformLock()
  private let rankCount: Int
  private var generator: SeededGenerator
  private var messages: [Way: [[UInt8]]] = [:]
  private var notices: [[(rank: Int, bytes: [UInt8])]]
  private var isCutOff: Set<Int> = []
  private var ended = 0
  private(set) var messageCount = 0, byteCount = 0

  init(rankCount: Int, seed: UInt64 = 1) {
    self.rankCount = rankCount
    generator = SeededGenerator(seed: seed)
    notices = Array(repeating: [], count: rankCount)
  }

  func transport(of rank: Int) -> LocalTransport { LocalTransport(self, rank, rankCount) }

  /// Nothing reaches the rank, or comes from it, from now on.
  func cutOff(_ rank: Int) { lock.withLock { _ = isCutOff.insert(rank) } }

  fileprivate func send(_ bytes: [UInt8], _ sender: Int, _ receiver: Int, _ tag: Int) {
    lock.withLock {
      messageCount += 1
      byteCount += bytes.count
      if isCutOff.isDisjoint(with: [sender, receiver]) {
        messages[Way(sender: sender, receiver: receiver, tag: tag), default: []].append(bytes)
      }
    }
  }

  /// The next message, unless the seed delays it.
  fileprivate func take(_ sender: Int, _ receiver: Int, _ tag: Int) -> [UInt8]? {
    lock.withLock {
      let way = Way(sender: sender, receiver: receiver, tag: tag)
      if generator.next() % 4 == 0 || messages[way, default: []].isEmpty { return nil }
      return messages[way]!.removeFirst()
    }
  }

  fileprivate func notify(_ sender: Int, _ receiver: Int, _ bytes: [UInt8]) {
    lock.withLock {
      if isCutOff.isDisjoint(with: [sender, receiver]) { notices[receiver].append((sender, bytes)) }
    }
  }

  fileprivate func nextNotice(_ rank: Int) -> (rank: Int, bytes: [UInt8])? {
    lock.withLock { notices[rank].isEmpty ? nil : notices[rank].removeFirst() }
  }

  fileprivate func end() { lock.withLock { ended += 1 } }

  /// How many ranks have ended it without trouble.
  var endedCount: Int { lock.withLock { ended } }
}

final class LocalTransport: Transport, @unchecked Sendable {  // because one thread uses it
  let rank: Int, rankCount: Int
  let greatestTag = 32_767
  private let network: LocalNetwork
  private var receiving: [Int: (bytes: UnsafeMutableRawBufferPointer, sender: Int, tag: Int)] = [:]
  private var count = 0
  /// Receives of one sender and tag, in the order in which they began: messages go to the first.
  private var order: [Int] = []

  init(_ network: LocalNetwork, _ rank: Int, _ rankCount: Int) {
    (self.network, self.rank, self.rankCount) = (network, rank, rankCount)
  }

  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws(ClusterError) -> TransportRequest {
    network.send(Array(bytes), self.rank, rank, tag)
    count += 1
    return TransportRequest(number: count)
  }

  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
  ) throws(ClusterError) -> TransportRequest {
    count += 1
    receiving[count] = (bytes, rank, tag)
    order.append(count)
    return TransportRequest(number: count)
  }

  func isDone(_ request: inout TransportRequest) throws(ClusterError) -> Bool {
    guard let (_, sender, tag) = receiving[request.number] else { return true }
    if let message = network.take(sender, rank, tag) {
      let first = order.first { receiving[$0]!.sender == sender && receiving[$0]!.tag == tag }!
      precondition(receiving[first]!.bytes.count == message.count, "a message of another length")
      receiving[first]!.bytes.copyBytes(from: message)
      receiving[first] = nil
      order.removeAll { $0 == first }
    }
    return receiving[request.number] == nil
  }

  func notify(_ rank: Int, _ bytes: [UInt8]) throws(ClusterError) { network.notify(self.rank, rank, bytes) }
  func nextNotice() throws(ClusterError) -> (rank: Int, bytes: [UInt8])? { network.nextNotice(rank) }
  var hasSentNotices: Bool { true }
  func end() { network.end() }
}

extension LocalNetwork {
  /// A cluster of so many ranks in this process. Its patience is longer than a task may wait for its turn among others.
  static func clusters(_ rankCount: Int, seed: UInt64 = 1, patience: Duration = .seconds(36_000)) throws
    -> (network: LocalNetwork, clusters: [Cluster])
  {
    let network = LocalNetwork(rankCount: rankCount, seed: seed)
    let clusters = try (0..<rankCount).map { rank in
      // A rank whose task waits for its turn among other tests is not to take their time.
      try Cluster(patience: patience, interval: 1_000_000) { () throws(ClusterError) -> any Transport in
        network.transport(of: rank)
      }
    }
    return (network, clusters)
  }
}

/// Calls `body` for each rank at once, and returns what each returns or throws, by rank.
func onAllRanks<Value: Sendable>(
  _ clusters: [Cluster], _ body: @escaping @Sendable (Cluster) async throws -> Value
) async -> [Result<Value, any Error>] {
  await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
    for cluster in clusters {
      group.addTask {
        do { return (cluster.rank, .success(try await body(cluster))) } catch { return (cluster.rank, .failure(error)) }
      }
    }
    var results: [Int: Result<Value, any Error>] = [:]
    for await (rank, result) in group { results[rank] = result }
    return clusters.map { results[$0.rank]! }
  }
}

/// The ranks leave together.
func leave(_ clusters: [Cluster]) async {
  await withTaskGroup(of: Void.self) { group in
    for cluster in clusters { group.addTask { await awaitingLeave(cluster) } }
  }
}
