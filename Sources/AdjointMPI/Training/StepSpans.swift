internal import Threads

/// How long one step took on this rank, part by part.
public struct ClusterTimings: Hashable, Sendable {
  /// From the step's beginning until the last shard of this rank was computed.
  public let computing: Duration
  /// From then until the update was done: for sums that were not there yet, and for the update of the last of them.
  public let waiting: Duration
  /// While messages were under way, beside the rest or not.
  public let exchanging: Duration
}

/// What a step does on this rank, and when: noted by whoever does it.
final class StepSpans: @unchecked Sendable {  // because `lock` guards what changes
  enum Track: Hashable, Sendable {
    case shards(session: Int), messages, update
  }

  struct Span: Hashable, Sendable {
    let track: Track
    let name: String
    /// Nanoseconds since the step began.
    let start: Int64
    var end: Int64
  }

  private let lock = PlatformLock()
  private let beginning = MonotonicClock.now
  private var spans: [Span] = []

  /// Notes that something begins; answers its number.
  func begin(_ track: Track, _ name: @autoclosure () -> String) -> Int {
    let now = MonotonicClock.now - beginning, name = name()
    return lock.withLock {
      spans.append(Span(track: track, name: name, start: now, end: now))
      return spans.count - 1
    }
  }

  func end(_ number: Int) {
    let now = MonotonicClock.now - beginning
    lock.withLock { spans[number].end = now }
  }

  var all: [Span] { lock.withLock { spans } }

  var timings: ClusterTimings {
    let spans = all, end = spans.map(\.end).max() ?? 0
    let computed = spans.filter { if case .shards = $0.track { true } else { false } }.map(\.end).max() ?? 0
    // The union of messages' times.
    var exchanged: Int64 = 0, reached: Int64 = 0
    for span in spans.filter({ $0.track == .messages }).sorted(by: { $0.start < $1.start }) {
      exchanged += max(0, span.end - max(span.start, reached))
      reached = max(reached, span.end)
    }
    return ClusterTimings(
      computing: .nanoseconds(computed), waiting: .nanoseconds(max(0, end - computed)),
      exchanging: .nanoseconds(exchanged))
  }
}
