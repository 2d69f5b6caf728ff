import Testing

@testable import AdjointMPI

/// Exchanges as values: all ranks' plans are walked together, with sums as text, for every number of ranks.
@Suite(.timeLimit(.minutes(20))) struct ExchangePlanTests {
  static let worlds = [1, 2, 4, 8, 16, 32].flatMap { shards in (1...shards).map { (shards, $0) } }

  /// What a sum over the shards of a node is, written out.
  private static func text(_ node: ShardTree.Node) -> String {
    node.level == 0 ? "\(node.index)" : "(\(text(node.left))+\(text(node.right)))"
  }

  /// The places of a rank, of which each has elements or, where nothing has been written, none.
  private final class Rank {
    var places: [ExchangePlan.Place: [Int: String]] = [:]
    init(_ tree: ShardTree, _ rank: Int, _ count: Int) {
      for (number, node) in tree.ownNodes(of: rank).enumerated() {
        for element in 0..<count { places[.own(number), default: [:]][element] = ExchangePlanTests.text(node) }
      }
    }
  }

  /// Walks the plans round by round; each rank's messages are read as they were when its round began.
  ///
  /// - Returns: the elements of each rank's first place, and how many elements each has sent.
  private static func walk(
    _ plans: [ExchangePlan], _ ranks: [Rank]
  ) throws -> (elements: [[Int: String]], sent: [Int]) {
    var sent = [Int](repeating: 0, count: ranks.count)
    var rounds = [Int](repeating: 0, count: ranks.count)
    var isSent = Set<[Int]>(), isReceived = Set<[Int]>()
    /// What is under way from one rank to another, in order.
    var ways: [[Int]: [[(Int, String)]]] = [:]
    var isMoving = true
    while isMoving {
      isMoving = false
      for (rank, plan) in plans.enumerated() where rounds[rank] < plan.rounds.count {
        let round = plan.rounds[rounds[rank]]
        if isSent.insert([rank, rounds[rank]]).inserted {
          isMoving = true
          for message in round.sends {
            let values = try message.elements.map { element in
              (element, try #require(ranks[rank].places[message.place]?[element]))
            }
            sent[rank] += values.count
            ways[[rank, message.rank], default: []].append(values)
          }
        }
        if !isReceived.contains([rank, rounds[rank]]) {
          let needed = Dictionary(round.receives.map { ($0.rank, 1) }, uniquingKeysWith: +)
          guard needed.allSatisfy({ ways[[$0.key, rank], default: []].count >= $0.value }) else { continue }
          for message in round.receives {
            let values = ways[[message.rank, rank]]!.removeFirst()
            #expect(values.map(\.0) == Array(message.elements), "a message of other elements than are expected")
            for (element, value) in values { ranks[rank].places[message.place, default: [:]][element] = value }
          }
          for addition in round.additions {
            for element in addition.elements {
              let left = try #require(ranks[rank].places[addition.left]?[element])
              let right = try #require(ranks[rank].places[addition.right]?[element])
              ranks[rank].places[addition.target, default: [:]][element] = "(\(left)+\(right))"
            }
          }
          isReceived.insert([rank, rounds[rank]])
        }
        rounds[rank] += 1
        isMoving = true
      }
    }
    #expect(rounds == plans.map(\.rounds.count), "ranks wait for one another")
    #expect(ways.values.filter { !$0.isEmpty }.isEmpty, "messages that nobody receives")
    return (ranks.map { $0.places[.own(0)] ?? [:] }, sent)
  }

  @Test(arguments: worlds, [(1, true), (100, true), (33, false), (100, false), (1_000, false)])
  func `every rank has the tree's sum of all shards`(world: (Int, Int), form: (Int, Bool)) throws {
    let (shards, rankCount) = world, (count, isSmall) = form
    let tree = ShardTree(shardCount: shards, rankCount: rankCount)
    let plans = (0..<rankCount).map { ExchangePlan.sum(tree, rank: $0, count: count, isSmall: isSmall) }
    let (elements, _) = try Self.walk(plans, (0..<rankCount).map { Rank(tree, $0, count) })
    let expected = Self.text(tree.root)
    for rank in 0..<rankCount {
      #expect((0..<count).allSatisfy { elements[rank][$0] == expected }, "rank \(rank)")
    }
  }

  @Test(arguments: worlds)
  func `what is received has room that is not used twice at once`(world: (Int, Int)) {
    let (shards, rankCount) = world
    let tree = ShardTree(shardCount: shards, rankCount: rankCount)
    for rank in 0..<rankCount {
      let plan = ExchangePlan.sum(tree, rank: rank, count: 1_000, isSmall: false)
      for round in plan.rounds {
        // Nothing is received where something is sent from, or received, in the same round.
        let received = round.receives.map { ($0.place, $0.elements) }
        for (index, one) in received.enumerated() {
          let others = received[..<index] + round.sends.map { ($0.place, $0.elements) }
          #expect(!others.contains { $0.0 == one.0 && $0.1.overlaps(one.1) })
          if case .received(let room) = one.0 { #expect(plan.received[room].contains(one.1.lowerBound)) }
        }
      }
    }
  }

  @Test(arguments: [2, 4, 8, 16, 32])
  func `of a power of two ranks each sends as much as in a ring`(rankCount: Int) throws {
    let tree = ShardTree(shardCount: 32, rankCount: rankCount), count = 3_200
    let plans = (0..<rankCount).map { ExchangePlan.sum(tree, rank: $0, count: count, isSmall: false) }
    let (_, sent) = try Self.walk(plans, (0..<rankCount).map { Rank(tree, $0, count) })
    for elements in sent { #expect(elements <= 2 * count * (rankCount - 1) / rankCount + 16 * rankCount) }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 13])
  func `a broadcast gives all ranks what rank 0 has`(rankCount: Int) throws {
    let tree = ShardTree(shardCount: 16, rankCount: rankCount)
    let plans = (0..<rankCount).map { ExchangePlan.broadcast(rankCount: rankCount, rank: $0, count: 5) }
    let ranks = (0..<rankCount).map { Rank(tree, $0, 5) }
    let first = ranks[0].places[.own(0)]!
    let (elements, _) = try Self.walk(plans, ranks)
    for rank in 0..<rankCount { #expect(elements[rank] == first) }
  }

  @Test(arguments: worlds)
  func `every shard belongs to one rank, and to one of its nodes`(world: (Int, Int)) {
    let (shards, rankCount) = world
    let tree = ShardTree(shardCount: shards, rankCount: rankCount)
    #expect((0..<rankCount).flatMap { Array(tree.shards(of: $0)) } == Array(0..<shards))
    for rank in 0..<rankCount {
      #expect(!tree.shards(of: rank).isEmpty)
      #expect(tree.ownNodes(of: rank).flatMap { Array($0.shards) } == Array(tree.shards(of: rank)))
      // The largest: no node's parent is the rank's, too.
      for node in tree.ownNodes(of: rank) where node != tree.root {
        let parent = node.parent.shards, own = tree.shards(of: rank)
        #expect(!(own.lowerBound <= parent.lowerBound && parent.upperBound <= own.upperBound))
      }
    }
  }

  @Test func `of many shards a rank, none has more than an eighth over its share`() {
    for rankCount in 1...64 {
      let tree = ShardTree(shardCount: 4_096, rankCount: rankCount)
      for rank in 0..<rankCount {
        #expect(Double(tree.shards(of: rank).count) <= 1.125 * 4_096 / Double(rankCount))
        #expect(tree.ownNodes(of: rank).count <= 8)
      }
    }
  }
}
