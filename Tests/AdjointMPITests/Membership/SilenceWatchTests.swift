import DependencyScheduling
import Testing

@testable import AdjointMPI

/// Who is blamed, in a world of ranks in virtual time.
@Suite(.timeLimit(.minutes(20))) struct SilenceWatchTests {
  private typealias Subject = SilenceWatch.Subject

  /// Ranks that exchange something once, of whom some never hand over their part, are stopped, or are cut off.
  private struct World {
    static let second: Int64 = 1_000_000_000
    let rankCount: Int
    /// Whom each rank waits for, in which exchange; `nil` for a rank that works.
    var waits: [(rank: Int, subject: Subject, since: Int64)?]
    /// How often each rank has begun exchanges of each tag.
    var turns: [[Int: Int]]
    var stopped: Set<Int> = [], cutOff: Set<Int> = []
    var watches: [SilenceWatch]
    var ends: [ClusterError?]
    var endTimes: [Int64?]
    var generator: SeededGenerator
    private var notices: [(time: Int64, from: Int, to: Int, notice: SilenceWatch.Notice)] = []

    init(_ rankCount: Int, seed: UInt64) {
      self.rankCount = rankCount
      waits = Array(repeating: nil, count: rankCount)
      turns = Array(repeating: [0: 1], count: rankCount)
      watches = (0..<rankCount).map {
        SilenceWatch(rank: $0, rankCount: rankCount, patience: 10 * Self.second, at: 0)
      }
      (ends, endTimes) = (Array(repeating: nil, count: rankCount), Array(repeating: nil, count: rankCount))
      generator = SeededGenerator(seed: seed)
    }

    private func waits(of rank: Int) -> [SilenceWatch.Wait] {
      waits[rank].map { [SilenceWatch.Wait(subject: $0.subject, rank: $0.rank, since: $0.since)] } ?? []
    }

    private mutating func act(_ rank: Int, _ actions: [SilenceWatch.Action], _ now: Int64) {
      for action in actions {
        switch action {
        case .send(let notice, let other):
          // Up to 20 ms on the way.
          let delay = Int64(generator.next() % 20_000_000)
          if cutOff.isDisjoint(with: [rank, other]) { notices.append((now + delay, rank, other, notice)) }
        case .end(let error):
          if ends[rank] == nil { (ends[rank], endTimes[rank]) = (error, now) }
        }
      }
    }

    /// Lets `seconds` pass, in steps of 50 ms.
    mutating func run(seconds: Int64, from start: Int64 = 0) {
      var now = start
      while now < start + seconds * Self.second {
        now += 50_000_000
        for rank in 0..<rankCount where !stopped.contains(rank) && ends[rank] == nil {
          let due = notices.filter { $0.to == rank && $0.time <= now }
          notices.removeAll { $0.to == rank && $0.time <= now }
          for notice in due {
            act(
              rank,
              watches[rank].receive(notice.notice, from: notice.from, at: now, turns: turns[rank], waits(of: rank)), now
            )
          }
          act(rank, watches[rank].tick(at: now, waits(of: rank)), now)
        }
      }
    }
  }

  private static let exchange = Subject(tag: 0, turn: 1)

  private func culprit(_ error: ClusterError?) -> Int? {
    if case .silent(let rank, _, _) = error { rank } else { nil }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `in a chain of waits, the rank at its end is named by all, in time`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let count = 3 + Int(generator.next() % 6), order = generator.shuffled(Array(0..<count))
    var world = World(count, seed: seed)
    // Each waits for the next, since its own moment; the last is stopped, or works without an end.
    for (rank, next) in zip(order, order.dropFirst()) {
      world.waits[rank] = (next, Self.exchange, Int64(generator.next() % 3_000) * 1_000_000)
    }
    let last = order.last!
    if seed.isMultiple(of: 2) { world.stopped = [last] } else { world.turns[last] = [:] }
    world.run(seconds: 30)
    for rank in order.dropLast() {
      #expect(
        culprit(world.ends[rank]) == last, "seed \(seed), rank \(rank): \(world.ends[rank]?.description ?? "nothing")")
      #expect(world.endTimes[rank] ?? .max <= (3 + 10 + 5) * World.second)
    }
    // The one that works is told that it keeps the others waiting.
    if !seed.isMultiple(of: 2) {
      guard case .stalledHere = world.ends[last] else {
        Issue.record("rank \(last) ended with \(world.ends[last]?.description ?? "nothing")")
        return
      }
    }
  }

  @Test func `a rank that runs again after it was stopped accuses itself`() {
    var world = World(4, seed: 3)
    for rank in [0, 2, 3] { world.waits[rank] = (rank == 2 ? 0 : 1, Self.exchange, 0) }
    world.stopped = [1]
    world.run(seconds: 20)
    world.stopped = []
    world.run(seconds: 1, from: 20 * World.second)
    guard case .stalledHere = world.ends[1] else {
      Issue.record("rank 1 ended with \(world.ends[1]?.description ?? "nothing")")
      return
    }
    for rank in [0, 2, 3] { #expect(culprit(world.ends[rank]) == 1) }
  }

  @Test func `a rank whose link is down is named by the others, and accuses itself`() {
    var world = World(4, seed: 4)
    world.waits = [(1, Self.exchange, 0), (0, Self.exchange, 0), (0, Self.exchange, 0), (1, Self.exchange, 0)]
    world.cutOff = [1]
    world.run(seconds: 20)
    for rank in [0, 2, 3] { #expect(culprit(world.ends[rank]) == 1, "\(world.ends[rank]?.description ?? "nothing")") }
    guard case .stalledHere = world.ends[1] else {
      Issue.record("rank 1 ended with \(world.ends[1]?.description ?? "nothing")")
      return
    }
  }

  @Test func `a rank that waits for an earlier exchange is not to blame for a later one`() {
    var world = World(3, seed: 5)
    let earlier = Self.exchange, later = Subject(tag: 1, turn: 1)
    // Rank 0 waits for rank 1, which has not begun that exchange: it waits for rank 2 in the one before.
    world.waits = [(1, later, 0), (2, earlier, 500), nil]
    world.turns = [[0: 1, 1: 1], [0: 1], [:]]
    world.run(seconds: 20)
    #expect(culprit(world.ends[0]) == 2)
    #expect(culprit(world.ends[1]) == 2)
  }

  @Test func `a message that has been lost is the sender's`() {
    var world = World(3, seed: 6)
    world.waits = [(1, Self.exchange, 0), nil, nil]
    world.run(seconds: 20)
    #expect(culprit(world.ends[0]) == 1)
  }

  @Test func `a circle ends`() {
    var world = World(3, seed: 7)
    world.waits = [(1, Self.exchange, 0), (2, Self.exchange, 0), (0, Self.exchange, 0)]
    world.run(seconds: 30)
    for rank in 0..<3 { #expect(world.ends[rank] != nil) }
  }

  @Test func `whoever waits within its patience asks nobody`() {
    var world = World(3, seed: 8)
    world.waits = [(1, Self.exchange, 0), nil, nil]
    world.run(seconds: 9)
    world.waits[0] = (1, Subject(tag: 0, turn: 2), 9 * World.second)
    world.run(seconds: 9, from: 9 * World.second)
    #expect(world.ends.allSatisfy { $0 == nil })
  }
}

extension SeededGenerator {
  fileprivate mutating func shuffled(_ values: [Int]) -> [Int] {
    var values = values
    shuffle(&values)
    return values
  }
}
