internal import Dispatch
internal import LibC
internal import CThreads
internal import Threads

/// The one thread of a cluster: it makes all calls of the transport, so that MPI needs to know of one thread alone.
/// While messages are under way it looks at them every 20 to 50 µs, and some times at once after one has gone or come;
/// otherwise it sleeps, and looks whether somebody asks a few times a second. It exists from joining to leaving.
package final class MessageThread: Sendable {
  let rank: Int, rankCount: Int, greatestTag: Int
  private let mail: LockedMail
  private let wake = DispatchSemaphore(value: 0)
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Nanoseconds between two looks while messages are under way.
  package static let interval: Int64 = 20_000  // Decisions/Cluster.md

  /// What other threads hand in.
  struct Mail {
    var exchanges: [(memory: ExchangeMemory, tag: Int, ended: @Sendable (ClusterError?) -> Void)] = []
    var collections: [(bytes: [UInt8], ended: @Sendable (Result<[[UInt8]], ClusterError>) -> Void)] = []
    /// Why this rank cannot go on, if it cannot.
    var trouble: String?
    var isLeaving = false
    /// Why the cluster has ended.
    var failure: ClusterError?
    var isAwake = false
  }

  /// Begins the thread, on which `connect` makes the transport, and waits for that.
  ///
  /// - Parameters:
  ///   - patience: how long a rank is waited for.
  ///   - interval: nanoseconds between two looks while messages are under way.
  ///   - connect: makes the transport.
  /// - Throws: what `connect` throws.
  package init(
    patience: Duration, interval: Int64 = MessageThread.interval,
    _ connect: @escaping @Sendable () throws(ClusterError) -> any Transport
  ) throws(ClusterError) {
    let mail = LockedMail(), connected = DispatchSemaphore(value: 0)
    let outcome = LockedOutcome()
    let (wake, hasEnded) = (wake, hasEnded)
    let nanoseconds = patience.nanoseconds
    startThread {
      do throws(ClusterError) {
        let transport = try connect()
        outcome.set(.success((transport.rank, transport.rankCount, transport.greatestTag)))
        connected.signal()
        var loop = MessageLoop(transport, mail, wake, patience: nanoseconds, interval: interval)
        loop.run()
      } catch {
        outcome.set(.failure(error))
        connected.signal()
      }
      hasEnded.signal()
    }
    connected.wait()
    (rank, rankCount, greatestTag) = try outcome.get()
    self.mail = mail
  }

  private func hand(_ change: (inout Mail) -> ClusterError?) -> ClusterError? {
    let (failure, isAsleep) = mail.withLock { mail -> (ClusterError?, Bool) in
      if let failure = mail.failure { return (failure, false) }
      let failure = change(&mail)
      defer { mail.isAwake = true }
      return (failure, !mail.isAwake)
    }
    if isAsleep { wake.signal() }
    return failure
  }

  /// Begins an exchange; `ended` is called by the thread, which it must not hold up.
  package func begin(_ memory: ExchangeMemory, tag: Int, _ ended: @escaping @Sendable (ClusterError?) -> Void) {
    let failure = hand { mail in
      mail.exchanges.append((memory, tag, ended))
      return nil
    }
    if let failure { ended(failure) }
  }

  /// Gives `bytes` for the next collection of all ranks' bytes, which each rank gets.
  func collect(_ bytes: [UInt8], _ ended: @escaping @Sendable (Result<[[UInt8]], ClusterError>) -> Void) {
    let failure = hand { mail in
      mail.collections.append((bytes, ended))
      return nil
    }
    if let failure { ended(.failure(failure)) }
  }

  /// Why the cluster has ended, if it has.
  var failure: ClusterError? { mail.withLock { $0.failure } }

  /// Tells all ranks that this one cannot go on; everything that is handed in from now on fails.
  func fail(_ reason: String) {
    _ = hand { mail in
      mail.trouble = mail.trouble ?? reason
      return nil
    }
  }

  /// Leaves, once all ranks do, unless there was trouble or there is a reason; waits for that.
  package func leave(because reason: String? = nil) {
    mail.withLock { mail in
      mail.trouble = mail.trouble ?? reason
      mail.isLeaving = true
    }
    wake.signal()
    hasEnded.wait()
    hasEnded.signal()
  }
}

/// A value behind a lock of the platform's.
final class LockedMail: @unchecked Sendable {  // because `mail` is only reached with the lock held
  private let lock = PlatformLock()
  private var mail = MessageThread.Mail()
  func withLock<R>(_ body: (inout MessageThread.Mail) -> R) -> R { lock.withLock { body(&mail) } }
}

private final class LockedOutcome: @unchecked Sendable {  // because it is set before, and read after, a signal
  typealias Value = Result<(Int, Int, Int), ClusterError>
  private var value: Value?
  func set(_ value: Value) { self.value = value }
  func get() throws(ClusterError) -> (Int, Int, Int) { try value!.get() }
}

/// What the thread does.
private struct MessageLoop {
  private let transport: any Transport
  private let mail: LockedMail
  private let wake: DispatchSemaphore
  private let interval: Int64
  private var watch: SilenceWatch
  private var exchanges: [RunningExchange] = [], subjects: [SilenceWatch.Subject] = []
  private var turns: [Int: Int] = [:]
  private var collections: [Collection] = []
  /// Parts that have come for collections that this rank, rank 0, has not begun.
  private var earlyParts: [Int: [Int: [UInt8]]] = [:]
  private var failure: ClusterError?
  private var departed: [Int: String] = [:]

  private struct Collection {
    let number: Int
    let since: Int64
    /// By rank; at rank 0 alone all of them come.
    var parts: [Int: [UInt8]]
    let ended: @Sendable (Result<[[UInt8]], ClusterError>) -> Void
  }

  /// Collections have no tag of messages.
  private static let collectionTag = -1

  init(
    _ transport: any Transport, _ mail: LockedMail, _ wake: DispatchSemaphore, patience: Int64, interval: Int64
  ) {
    (self.transport, self.mail, self.wake, self.interval) = (transport, mail, wake, interval)
    watch = SilenceWatch(
      rank: transport.rank, rankCount: transport.rankCount, patience: patience, at: MonotonicClock.now)
  }

  /// Milliseconds between two looks while no message is under way.
  private static let longSleep = 20  // Decisions/Cluster.md
  /// Looks without a sleep once a message has gone or come, or an exchange has begun: what answers it is often near.
  private static let looksAfterProgress = 30  // Decisions/Cluster.md
  private var looksLeft = 0
  /// Nanoseconds between two looks at who is late.
  private static let watchInterval: Int64 = 50_000_000  // Decisions/Cluster.md
  private var lastWatched = MonotonicClock.now
  /// Nanoseconds for which a rank that leaves in trouble waits for others to leave.
  private static let lastWords: Int64 = 2_000_000_000  // Decisions/Cluster.md

  mutating func run() {
    adj_sharpen_sleep()
    while true {
      let now = MonotonicClock.now
      let handed = mail.withLock { mail -> MessageThread.Mail in
        defer { (mail.exchanges, mail.collections, mail.isAwake) = ([], [], true) }
        return mail
      }
      do throws(ClusterError) {
        try begin(handed, at: now)
        try advance(at: now)
        try readNotices(at: now)
        // Alone it sleeps for as long as nobody hands anything in, and waits for nobody.
        if transport.rankCount > 1, now - lastWatched > Self.watchInterval {
          lastWatched = now
          try act(watch.tick(at: now, waits))
        }
        if let trouble = handed.trouble, failure == nil {
          tellAll(.left(trouble))
          throw ClusterError.left(rank: transport.rank, reason: trouble)
        }
      } catch {
        end(because: error)
      }
      if handed.isLeaving { return leave() }
      if exchanges.isEmpty && collections.isEmpty {
        sleepLong()
      } else if looksLeft > 0 {
        looksLeft -= 1
      } else {
        adj_sleep(interval)
      }
    }
  }

  private func sleepLong() {
    let isEmpty = mail.withLock { mail in
      mail.isAwake = !mail.exchanges.isEmpty || !mail.collections.isEmpty || mail.isLeaving
      return !mail.isAwake
    }
    guard isEmpty else { return }
    // Nobody else asks a cluster of one.
    if transport.rankCount == 1 { wake.wait() } else { _ = wake.wait(timeout: .now() + .milliseconds(Self.longSleep)) }
  }

  // MARK: what has been handed in

  private mutating func begin(_ handed: MessageThread.Mail, at now: Int64) throws(ClusterError) {
    for (memory, tag, ended) in handed.exchanges {
      if let failure {
        ended(failure)
        continue
      }
      turns[tag, default: 0] += 1
      subjects.append(SilenceWatch.Subject(tag: tag, turn: turns[tag]!))
      exchanges.append(RunningExchange(memory, tag: tag, at: now, ended))
    }
    for (bytes, ended) in handed.collections {
      if let failure {
        ended(.failure(failure))
        continue
      }
      turns[Self.collectionTag, default: 0] += 1
      let number = turns[Self.collectionTag]!
      var collection = Collection(number: number, since: now, parts: [transport.rank: bytes], ended: ended)
      if transport.rank == 0 {
        collection.parts.merge(earlyParts.removeValue(forKey: number) ?? [:]) { $1 }
      } else {
        try transport.notify(0, Notice.part(number: number, bytes).bytes)
      }
      collections.append(collection)
    }
    if transport.rank == 0 { try endWholeCollections() }
  }

  private mutating func endWholeCollections() throws(ClusterError) {
    while let place = collections.firstIndex(where: { $0.parts.count == transport.rankCount }) {
      let collection = collections.remove(at: place)
      let parts = (0..<transport.rankCount).map { collection.parts[$0]! }
      let bytes = Notice.whole(number: collection.number, parts).bytes
      for other in 1..<max(transport.rankCount, 1) { try transport.notify(other, bytes) }
      collection.ended(.success(parts))
    }
  }

  private mutating func advance(at now: Int64) throws(ClusterError) {
    var place = 0
    while place < exchanges.count {
      if try exchanges[place].advance(transport, at: now) {
        let exchange = exchanges.remove(at: place)
        subjects.remove(at: place)
        looksLeft = Self.looksAfterProgress
        exchange.ended(nil)
      } else {
        if exchanges[place].lastProgress == now { looksLeft = Self.looksAfterProgress }
        place += 1
      }
    }
  }

  // MARK: notices

  private mutating func readNotices(at now: Int64) throws(ClusterError) {
    while let (sender, bytes) = try transport.nextNotice() {
      if failure != nil {
        if case .left(let reason)? = Notice(bytes) { departed[sender] = reason }
        continue
      }
      guard let notice = Notice(bytes) else {
        throw .refusedByMPI(operation: "read a message of rank \(sender)", reason: "it is none of this cluster's")
      }
      switch notice {
      case .watch(let notice): try act(watch.receive(notice, from: sender, at: now, turns: turns, waits))
      case .part(let number, let part):
        if let place = collections.firstIndex(where: { $0.number == number }) {
          collections[place].parts[sender] = part
        } else {
          earlyParts[number, default: [:]][sender] = part
        }
        try endWholeCollections()
      case .whole(let number, let parts):
        guard let place = collections.firstIndex(where: { $0.number == number }) else { continue }
        collections.remove(at: place).ended(.success(parts))
      case .left(let reason): departed[sender] = reason
      }
    }
    if failure != nil { return }
    for (rank, reason) in departed where !reason.isEmpty { throw .left(rank: rank, reason: reason) }
    // Whoever has left without trouble has handed over all that it had to: what is waited for longer never comes.
    if departed.isEmpty { return }
    if let wait = waits.first(where: { departed[$0.rank] != nil && now - $0.since > SilenceWatch.grace }) {
      throw .left(rank: wait.rank, reason: "it had nothing more to do")
    }
  }

  private var waits: [SilenceWatch.Wait] {
    var waits: [SilenceWatch.Wait] = []
    for (exchange, subject) in zip(exchanges, subjects) {
      waits += exchange.awaited.map { SilenceWatch.Wait(subject: subject, rank: $0, since: exchange.lastProgress) }
    }
    for collection in collections {
      let subject = SilenceWatch.Subject(tag: Self.collectionTag, turn: collection.number)
      let awaited = transport.rank == 0 ? (0..<transport.rankCount).filter { collection.parts[$0] == nil } : [0]
      waits += awaited.map { SilenceWatch.Wait(subject: subject, rank: $0, since: collection.since) }
    }
    return waits
  }

  private func act(_ actions: [SilenceWatch.Action]) throws(ClusterError) {
    for action in actions {
      switch action {
      case .send(let notice, let rank): try transport.notify(rank, Notice.watch(notice).bytes)
      case .end(let error): throw error
      }
    }
  }

  // MARK: ends

  private mutating func end(because error: ClusterError) {
    if failure == nil { failure = error }
    let handed = mail.withLock { mail -> MessageThread.Mail in
      mail.failure = failure
      defer { (mail.exchanges, mail.collections) = ([], []) }
      return mail
    }
    for ended in exchanges.map(\.ended) + handed.exchanges.map(\.ended) { ended(failure) }
    for ended in collections.map(\.ended) + handed.collections.map(\.ended) { ended(.failure(failure!)) }
    (exchanges, subjects, collections) = ([], [], [])
  }

  private func tellAll(_ notice: Notice) {
    for other in 0..<transport.rankCount where other != transport.rank { try? transport.notify(other, notice.bytes) }
  }

  /// Ends the transport, which waits for all ranks; after trouble some may never come, and the launcher ends them.
  private mutating func leave() {
    let reason = failure.map { "\($0)" } ?? ""
    tellAll(.left(reason))
    waitForOthers(nanoseconds: failure == nil ? watch.patience : Self.lastWords)
    if failure == nil { transport.end() }
    end(because: .left(rank: transport.rank, reason: "it had nothing more to do"))
  }

  /// Stays until all others have said that they leave, or for so long: after trouble the launcher may end all processes
  /// with the first, and each is to know why; without any, no message is left on its way.
  private mutating func waitForOthers(nanoseconds: Int64) {
    let (now, others) = (MonotonicClock.now, transport.rankCount - 1)
    while !(transport.hasSentNotices && departed.count >= others), MonotonicClock.now - now < nanoseconds {
      if let (sender, bytes) = try? transport.nextNotice() {
        if case .left(let reason)? = Notice(bytes) { departed[sender] = reason }
      } else {
        adj_sleep(interval)
      }
    }
  }
}
