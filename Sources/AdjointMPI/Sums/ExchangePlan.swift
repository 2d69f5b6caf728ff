/// What one rank sends, receives and adds for one exchange of elements, round by round: a value, worked out before any
/// message, and walked by tests for every number of ranks.
///
/// A round's messages may be under way at once; its additions come when all of them have ended, and then the next
/// round. Elements are counted, whatever their type.
///
/// Sums follow the ``ShardTree`` in every form, so the forms give the same bits:
/// - *doubling*, of few elements and 2^m ranks: m rounds, in each of which partners exchange all that they have summed;
/// - *halving*, of many and 2^m ranks: m rounds in which partners exchange halves of halves, and m back (Rabenseifner
///   2004), 2 (R − 1) / R of the elements in all, as much as a ring;
/// - *owners*, of any number of ranks: each adds up a piece, which all others send it, and sends the sum to all; of few
///   elements each adds up everything.
package struct ExchangePlan: Hashable, Sendable {
  /// Where elements lie on a rank.
  enum Place: Hashable, Sendable {
    /// The sum at one of the rank's own nodes; the first becomes the sum of all.
    case own(Int)
    /// Room for what other ranks have sent.
    case received(Int)
  }

  struct Message: Hashable, Sendable {
    let rank: Int
    let place: Place
    let elements: Range<Int>
  }

  /// target = left + right, element by element.
  struct Addition: Hashable, Sendable {
    let target: Place, left: Place, right: Place
    let elements: Range<Int>
  }

  struct Round: Hashable, Sendable {
    var sends: [Message] = [], receives: [Message] = []
    var additions: [Addition] = []
  }

  private(set) var rounds: [Round] = []
  /// Which elements each room for received ones holds.
  private(set) var received: [Range<Int>] = []

  // MARK: sums

  /// The exchange of a rank after which each has the sum over all shards.
  ///
  /// - Parameters:
  ///   - tree: shards and ranks.
  ///   - rank: whose.
  ///   - count: how many elements.
  ///   - isSmall: whether a message costs more than its elements.
  /// - Complexity: O(rounds) where ranks are a power of two, else O(ranks · own nodes).
  package static func sum(_ tree: ShardTree, rank: Int, count: Int, isSmall: Bool) -> ExchangePlan {
    var plan = ExchangePlan()
    if tree.rankCount == 1 { return plan }
    if !tree.isEven {
      plan.addOwners(tree, rank, count, everywhere: isSmall)
    } else if isSmall {
      plan.addDoubling(tree, rank, count)
    } else {
      plan.addHalving(tree, rank, count)
    }
    for round in plan.rounds.indices {
      plan.rounds[round].sends.removeAll(where: \.elements.isEmpty)
      plan.rounds[round].receives.removeAll(where: \.elements.isEmpty)
      plan.rounds[round].additions.removeAll(where: \.elements.isEmpty)
    }
    return plan
  }

  private mutating func makeRoom(for elements: Range<Int>) -> Place {
    received.append(elements)
    return .received(received.count - 1)
  }

  /// The sum of what this rank has and its partner has sent, the lower rank's on the left.
  private static func sum(_ rank: Int, with partner: Int, _ theirs: Place, _ elements: Range<Int>) -> Addition {
    let isLeft = rank < partner
    return Addition(
      target: .own(0), left: isLeft ? .own(0) : theirs, right: isLeft ? theirs : .own(0), elements: elements)
  }

  private mutating func addDoubling(_ tree: ShardTree, _ rank: Int, _ count: Int) {
    let all = 0..<count, room = makeRoom(for: all)
    var distance = 1
    while distance < tree.rankCount {
      let partner = rank ^ distance
      rounds.append(
        Round(
          sends: [Message(rank: partner, place: .own(0), elements: all)],
          receives: [Message(rank: partner, place: room, elements: all)],
          additions: [Self.sum(rank, with: partner, room, all)]))
      distance *= 2
    }
  }

  private mutating func addHalving(_ tree: ShardTree, _ rank: Int, _ count: Int) {
    var kept = 0..<count, backward: [Round] = [], distance = 1
    while distance < tree.rankCount {
      let partner = rank ^ distance, middle = kept.lowerBound + Self.rounded(kept.count / 2)
      let halves = (kept.lowerBound..<middle, middle..<kept.upperBound)
      let (mine, theirs) = rank < partner ? halves : (halves.1, halves.0)
      let room = makeRoom(for: mine)
      rounds.append(
        Round(
          sends: [Message(rank: partner, place: .own(0), elements: theirs)],
          receives: [Message(rank: partner, place: room, elements: mine)],
          additions: [Self.sum(rank, with: partner, room, mine)]))
      backward.append(
        Round(
          sends: [Message(rank: partner, place: .own(0), elements: mine)],
          receives: [Message(rank: partner, place: .own(0), elements: theirs)]))
      kept = mine
      distance *= 2
    }
    rounds += backward.reversed()
  }

  private mutating func addOwners(_ tree: ShardTree, _ rank: Int, _ count: Int, everywhere: Bool) {
    let ranks = 0..<tree.rankCount
    func piece(of rank: Int) -> Range<Int> {
      if everywhere { return 0..<count }
      func start(_ rank: Int) -> Int { rank == tree.rankCount ? count : Self.rounded(count * rank / tree.rankCount) }
      return start(rank)..<start(rank + 1)
    }
    var first = Round(), places: [ShardTree.Node: Place] = [:]
    for other in ranks {
      for (number, node) in tree.ownNodes(of: other).enumerated() {
        places[node] = other == rank ? .own(number) : makeRoom(for: piece(of: rank))
        if other != rank {
          first.receives.append(Message(rank: other, place: places[node]!, elements: piece(of: rank)))
        }
      }
      guard other != rank else { continue }
      for number in tree.ownNodes(of: rank).indices {
        first.sends.append(Message(rank: other, place: .own(number), elements: piece(of: other)))
      }
    }
    // Bottom-up: what two children have sent becomes their parent, up to the root, which the rank's first place takes.
    func add(_ node: ShardTree.Node) -> Place {
      if let place = places[node] { return place }
      let (left, right) = (add(node.left), add(node.right))
      let target = node == tree.root ? Place.own(0) : left
      first.additions.append(Addition(target: target, left: left, right: right, elements: piece(of: rank)))
      return target
    }
    _ = add(tree.root)
    rounds.append(first)
    if everywhere { return }
    rounds.append(
      Round(
        sends: ranks.filter { $0 != rank }.map { Message(rank: $0, place: .own(0), elements: piece(of: rank)) },
        receives: ranks.filter { $0 != rank }.map { Message(rank: $0, place: .own(0), elements: piece(of: $0)) }))
  }

  /// Cuts lie between cache lines of float32.
  private static func rounded(_ count: Int) -> Int { count / 16 * 16 }

  // MARK: broadcasts

  /// The exchange of a rank after which each has what rank 0 had: along a binomial tree, so ⌈log₂ R⌉ rounds.
  static func broadcast(rankCount: Int, rank: Int, count: Int) -> ExchangePlan {
    var plan = ExchangePlan(), distance = 1
    while distance < rankCount {
      var round = Round()
      if rank < distance, rank + distance < rankCount {
        round.sends = [Message(rank: rank + distance, place: .own(0), elements: 0..<count)]
      } else if (distance..<2 * distance).contains(rank) {
        round.receives = [Message(rank: rank - distance, place: .own(0), elements: 0..<count)]
      }
      plan.rounds.append(round)
      distance *= 2
    }
    return plan
  }
}
