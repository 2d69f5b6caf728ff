/// The pure part of gathering requests into batches: who joins, when a batch closes, who is refused.
///
/// It takes no lock, looks at no clock and runs nothing: each event says what time it is, and answers what is to be
/// done. The first of those who wait leads: once it has waited for as long as `patience`, a batch is closed with
/// whoever is there. It is closed before if there are enough to fill one, or if nobody may ask any more. While as many
/// batches run as may, those who wait go on gathering, and are looked at when one of the batches has ended.
struct BatchLine<Row: Sendable>: Sendable {
  /// The most rows of a batch.
  let most: Int
  /// The most nanoseconds that a row waits for others.
  let patience: Int64
  /// The most rows that wait.
  let queueLimit: Int
  /// The most batches that run at once.
  let runLimit: Int
  private var line = TicketLine<Waiting>()
  private(set) var running = 0
  private(set) var isStopped = false
  /// When the timer that was asked for last goes off; `nil` if none is under way.
  private var wakeTime: Int64?

  private struct Waiting: Sendable {
    let row: Row
    let arrival: Int64
  }

  init(most: Int, patience: Int64, queueLimit: Int, runLimit: Int) {
    (self.most, self.patience, self.queueLimit, self.runLimit) = (most, patience, queueLimit, runLimit)
  }

  /// A row of a batch, and whose it is.
  struct Member: Sendable {
    let ticket: Ticket
    let row: Row
  }

  /// What is to be done after an event.
  struct Orders {
    /// The batches to run. The end of each is reported by ``ended(now:)``.
    var batches: [[Member]] = []
    /// When ``wake(now:)`` is to be told, in nanoseconds from now.
    var wakeAfter: Int64?
  }

  /// How many wait.
  var waiting: Int { line.count }
  /// Whether all that was asked for is answered, and nothing more will be.
  var isDone: Bool { isStopped && line.isEmpty && running == 0 }

  /// Somebody asks, who is refused or waits from now on.
  mutating func ask(_ row: Row, _ ticket: Ticket, now: Int64) throws(ServingError) -> Orders {
    if isStopped { throw .stopped }
    if line.count == queueLimit { throw .overloaded }
    line.append(Waiting(row: row, arrival: now), ticket)
    return orders(now)
  }

  /// The timer has gone off, at its time or later.
  mutating func wake(now: Int64) -> Orders {
    wakeTime = nil
    return orders(now)
  }

  /// A batch has ended, however it did.
  mutating func ended(now: Int64) -> Orders {
    running -= 1
    return orders(now)
  }

  /// Somebody waits no longer.
  mutating func leave(_ ticket: Ticket) { _ = line.remove(ticket) }

  /// Nobody may ask from now on; those who wait are served without waiting for others.
  mutating func stop(now: Int64) -> Orders {
    isStopped = true
    return orders(now)
  }

  private mutating func orders(_ now: Int64) -> Orders {
    var orders = Orders()
    while running < runLimit, let leader = line.first {
      let isClosed = line.count >= most || now - leader.arrival >= patience || isStopped
      if !isClosed {
        orders.wakeAfter = wakeAfter(leader.arrival + patience, now)
        break
      }
      var batch: [Member] = []
      while batch.count < most, let (ticket, waiting) = line.removeFirst() {
        batch.append(Member(ticket: ticket, row: waiting.row))
      }
      orders.batches.append(batch)
      running += 1
    }
    return orders
  }

  /// How long to wait for `time`; `nil` if a timer is under way that goes off by then, and asks again.
  private mutating func wakeAfter(_ time: Int64, _ now: Int64) -> Int64? {
    if let wakeTime, wakeTime <= time { return nil }
    wakeTime = time
    return time - now
  }

  /// Whoever waits does so for a timer or for the end of a batch.
  func _checkInvariants() {
    assert((0...runLimit).contains(running) && line.count <= queueLimit)
    assert(line.isEmpty || running == runLimit || wakeTime != nil, "Nobody closes the batch of those who wait")
    assert(line.count < most || running == runLimit, "A full batch waits although it may run")
  }
}
