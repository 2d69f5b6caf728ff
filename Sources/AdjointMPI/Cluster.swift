internal import Adjoint
internal import Kernels
internal import LibC
internal import Synchronization
internal import Threads

/// Processes that train together, on one machine or many: those that an MPI launcher has started.
///
/// ```swift
/// let cluster = try Cluster.join(patience: .seconds(60))
/// print("rank \(cluster.rank) of \(cluster.size)")
/// ```
/// ```
/// mpirun -n 4 .build/release/Digits
/// ```
/// Without a launcher, and without the package's trait `MPI`, it is rank 0 of 1, so that one program serves both.
///
/// A process joins one cluster, once. From joining to leaving a thread of the cluster's exists, which makes all calls
/// of MPI, and MPI has one or two of its own. It polls while messages are under way, some 30 times at once after each
/// that comes and then every 20 to 50 µs, and sleeps otherwise. The handlers of signals stay the host's, and `malloc`
/// the process's.
///
/// When a rank fails, is stopped or is slower than the others are patient, every other one throws a ``ClusterError``
/// that names it. A process that is killed ends the job by its launcher.
public final class Cluster: Sendable {
  /// The number of this process, from 0, and how many there are.
  public let rank: Int, size: Int
  /// How long a rank waits for another before it asks who is to blame.
  public let patience: Duration
  let thread: MessageThread

  private static let hasJoined = Atomic<Bool>(false)

  /// Joins the processes that the launcher has started. The calling thread waits for all of them: do it first.
  ///
  /// - Parameter patience: how long a rank waits for another, above 0: longer than the slowest may be late.
  /// - Throws: ``ClusterError``: ``ClusterError/launchedAlone(expected:)`` where this program and its launcher are of
  ///   two kinds; ``ClusterError/unlike(rank:_:)`` on all ranks if bits would differ between them.
  public static func join(patience: Duration = .seconds(60)) throws(ClusterError) -> Cluster {
    guard patience > .zero else {
      throw .notAllowed(parameter: "patience", value: "\(patience)", allowed: "above 0")
    }
    guard !hasJoined.exchange(true, ordering: .relaxed) else { throw .joinedBefore }
    let cluster = try Cluster(patience: patience) { () throws(ClusterError) -> any Transport in
      #if MPI
        return try MPITransport()
      #else
        return AloneTransport()
      #endif
    }
    if cluster.size == 1, let expected = Launcher.processCount, expected > 1 {
      cluster.leave()
      throw .launchedAlone(expected: expected)
    }
    leaveAtExit(cluster)
    try cluster.compare(Likeness.ofProcess)
    return cluster
  }

  init(
    patience: Duration, interval: Int64 = MessageThread.interval,
    _ connect: @escaping @Sendable () throws(ClusterError) -> any Transport
  ) throws(ClusterError) {
    thread = try MessageThread(patience: patience, interval: interval, connect)
    (rank, size, self.patience) = (thread.rank, thread.rankCount, patience)
  }

  // MARK: leaving

  /// Leaves the cluster once all ranks do, and ends its thread. A process that ends by `exit` has left; one that ends
  /// otherwise is an error to its launcher.
  ///
  /// - Parameter error: why this rank cannot go on, which all others are told; then, and after trouble, it waits for
  ///   nobody.
  public func leave(because error: (any Error)? = nil) { thread.leave(because: error.map { "\($0)" }) }

  private static func leaveAtExit(_ cluster: Cluster) {
    joinedCluster.set(cluster)
    atexit { joinedCluster.get()?.leave() }
  }

  // MARK: small values of all ranks

  /// The numbers that each rank gives, by rank: measures, counts, times. Every rank calls it, and in the same order as
  /// other calls of the kind.
  ///
  /// - Throws: ``ClusterError``.
  public func gather(_ values: [Double]) async throws(ClusterError) -> [[Double]] {
    let parts = try await collect(
      values.flatMap { value in
        withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
      })
    return parts.map { bytes in
      stride(from: 0, to: bytes.count, by: 8).map { start in
        Double(bitPattern: bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
      }
    }
  }

  /// The bytes that each rank gives, by rank.
  func collect(_ bytes: [UInt8]) async throws(ClusterError) -> [[UInt8]] {
    try await withCheckedContinuation { continuation in
      thread.collect(bytes) { continuation.resume(returning: $0) }
    }.get()
  }

  /// Makes an exchange, and awaits its end.
  func exchange(_ memory: ExchangeMemory, tag: Int = 0) async throws(ClusterError) {
    let failure = await withCheckedContinuation { continuation in
      thread.begin(memory, tag: tag) { continuation.resume(returning: $0) }
    }
    if let failure { throw failure }
  }

  /// The same while the calling thread waits.
  private func collectBlocking(_ bytes: [UInt8]) throws(ClusterError) -> [[UInt8]] {
    let outcome = Outcome<[[UInt8]]>()
    thread.collect(bytes) { outcome.set($0) }
    return try outcome.wait()
  }

  // MARK: likeness

  /// Compares what bits depend on with rank 0's.
  ///
  /// - Throws: ``ClusterError/unlike(rank:_:)`` for the first rank that differs, on all ranks.
  func compare(_ likeness: Likeness) throws(ClusterError) {
    if size > 1 { try Likeness.compare(collectBlocking(likeness.bytes)) }
  }

  func compare(_ likeness: Likeness) async throws(ClusterError) {
    if size > 1 { try Likeness.compare(await collect(likeness.bytes)) }
  }
}

/// The cluster of the process, if it has joined one.
private let joinedCluster = JoinedCluster()

private final class JoinedCluster: @unchecked Sendable {  // because `lock` guards what changes
  private let lock = PlatformLock()
  private var cluster: Cluster?
  func set(_ cluster: Cluster) { lock.withLock { self.cluster = cluster } }
  func get() -> Cluster? { lock.withLock { cluster } }
}
