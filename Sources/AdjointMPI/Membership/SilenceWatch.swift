/// Finds the rank that is to blame when a message does not come. It is a pure machine: it is told of time and of notices,
/// and answers which rank is to be asked what.
///
/// A deadline alone blames the innocent: whoever is waited for may be waiting itself (pytorch#83289). So a rank that
/// has waited for longer than its patience asks the one it waits for about the exchange that does not end. That one
/// says for whom it waits, and is asked no more: the next one is. The chain ends
/// - at a rank that does not answer within ``grace``: it is stopped, or unreachable;
/// - at one that answers and waits for nobody: it works, and has not handed over what others wait for;
/// - at the asking rank itself, which then has not handed over what others wait for.
///
/// The verdict is told to all ranks. A rank that finds its own clock to have jumped, or that reaches nobody, accuses
/// itself.
struct SilenceWatch: Sendable {
  /// One use of a tag: the `turn`th exchange that has it, counted from 1.
  struct Subject: Hashable, Sendable {
    let tag: Int, turn: Int
  }

  /// A message that has not come or gone.
  struct Wait: Hashable, Sendable {
    let subject: Subject
    let rank: Int
    /// Nanoseconds of the rank's own clock.
    let since: Int64
  }

  enum Answer: Hashable, Sendable {
    /// It waits for `rank` itself, in the exchange `subject`.
    case waits(Subject, rank: Int)
    /// It has not begun the exchange, and waits for nobody.
    case works
    /// The exchange has ended there.
    case hasEnded
  }

  enum Notice: Hashable, Sendable {
    case question(Subject)
    case answer(Subject, Answer)
    /// Asks whether anything arrives at all.
    case ping
    case pong
    case verdict(rank: Int, seconds: Int, reason: String)
  }

  enum Action: Hashable, Sendable {
    case send(Notice, to: Int)
    case end(ClusterError)
  }

  let rank: Int, rankCount: Int
  let patience: Int64
  /// How long an answer may take.
  static let grace: Int64 = 2_000_000_000  // Decisions/Cluster.md

  private var lastTick: Int64
  private var inquiry: Inquiry?
  private struct Inquiry: Sendable {
    /// The oldest wait, which it is about.
    let wait: Wait
    /// Who is being asked about what since when.
    var asked: Int, subject: Subject, since: Int64
    var path: [Int]
    var isReached = false
  }

  init(rank: Int, rankCount: Int, patience: Int64, at now: Int64) {
    (self.rank, self.rankCount, self.patience, lastTick) = (rank, rankCount, patience, now)
  }

  // MARK: time

  /// To be called again and again: more often than the patience, while anything is waited for.
  mutating func tick(at now: Int64, _ waits: [Wait]) -> [Action] {
    let gap = now - lastTick
    lastTick = now
    if gap > patience { return [.end(.stalledHere(duration: .nanoseconds(gap)))] }
    guard let oldest = waits.min(by: { $0.since < $1.since }), now - oldest.since > patience else {
      inquiry = nil
      return []
    }
    guard let inquiry, waits.contains(inquiry.wait) else {
      self.inquiry = Inquiry(
        wait: oldest, asked: oldest.rank, subject: oldest.subject, since: now, path: [oldest.rank])
      let others = (0..<rankCount).filter { $0 != rank && $0 != oldest.rank }
      return [.send(.question(oldest.subject), to: oldest.rank)] + others.map { .send(.ping, to: $0) }
    }
    guard now - inquiry.since > Self.grace else { return [] }
    if !inquiry.isReached && rankCount > 2 {
      return [.end(.stalledHere(duration: .nanoseconds(now - inquiry.wait.since)))]
    }
    return blame(inquiry.asked, "it is stopped, or cannot be reached", at: now)
  }

  private func blame(_ culprit: Int, _ what: String, at now: Int64) -> [Action] {
    guard let inquiry else { return [] }
    let seconds = Int((now - inquiry.wait.since) / 1_000_000_000)
    let way = inquiry.path.filter { $0 != culprit }.map { "rank \($0)" }.joined(separator: ", ")
    let verdict = Notice.verdict(
      rank: culprit, seconds: seconds, reason: way.isEmpty ? what : "\(what); \(way) waited for it")
    return (0..<rankCount).filter { $0 != rank }.map { .send(verdict, to: $0) }
      + [.end(Self.error(verdict, at: rank)!)]
  }

  private static func error(_ verdict: Notice, at rank: Int) -> ClusterError? {
    guard case .verdict(let culprit, let seconds, let reason) = verdict else { return nil }
    let duration = Duration.seconds(seconds)
    return culprit == rank
      ? .stalledHere(duration: duration) : .silent(rank: culprit, waitingFor: reason, duration: duration)
  }

  // MARK: notices

  /// What a notice makes this rank do.
  ///
  /// - Parameters:
  ///   - turns: how often exchanges of each tag have begun here.
  ///   - waits: what this rank waits for.
  mutating func receive(
    _ notice: Notice, from sender: Int, at now: Int64, turns: [Int: Int], _ waits: [Wait]
  ) -> [Action] {
    switch notice {
    case .question(let subject):
      return [.send(.answer(subject, answer(about: subject, turns, waits)), to: sender)]
    case .ping: return [.send(.pong, to: sender)]
    case .pong:
      inquiry?.isReached = true
      return []
    case .verdict: return [.end(Self.error(notice, at: rank)!)]
    case .answer(let subject, let answer):
      inquiry?.isReached = true
      guard let inquiry, inquiry.asked == sender, inquiry.subject == subject, waits.contains(inquiry.wait) else {
        return []
      }
      switch answer {
      case .works: return blame(sender, "it has not handed over what others wait for", at: now)
      case .hasEnded: return blame(sender, "its message has not come", at: now)
      case .waits(let next, let other): return ask(other, about: next, at: now, turns, waits)
      }
    }
  }

  private mutating func ask(
    _ other: Int, about subject: Subject, at now: Int64, _ turns: [Int: Int], _ waits: [Wait]
  ) -> [Action] {
    self.inquiry!.path.append(other)
    if other == rank {
      // The chain leads here: to what this rank has not begun, or, where it has, round in a circle.
      if turns[subject.tag, default: 0] < subject.turn {
        return blame(rank, "it has not handed over what others wait for", at: now)
      }
      guard let wait = waits.first(where: { $0.subject == subject }) else { return [] }
      return ask(wait.rank, about: subject, at: now, turns, waits)
    }
    guard self.inquiry!.path.count <= 2 * rankCount else {
      return blame(other, "ranks wait for one another", at: now)
    }
    (self.inquiry!.asked, self.inquiry!.subject, self.inquiry!.since) = (other, subject, now)
    return [.send(.question(subject), to: other)]
  }

  private func answer(about subject: Subject, _ turns: [Int: Int], _ waits: [Wait]) -> Answer {
    if turns[subject.tag, default: 0] < subject.turn {
      guard let oldest = waits.min(by: { $0.since < $1.since }) else { return .works }
      return .waits(oldest.subject, rank: oldest.rank)
    }
    guard let wait = waits.filter({ $0.subject == subject }).min(by: { $0.since < $1.since }) else {
      return .hasEnded
    }
    return .waits(subject, rank: wait.rank)
  }
}
