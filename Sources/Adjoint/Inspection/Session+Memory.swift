internal import GradientMemory

/// What a session's values and gradients, or the parameters of a store, take up, in bytes.
///
/// On Linux with jemalloc, all but the peak are jemalloc's own counters: of a session's two arenas, one for values that
/// last and one for those of a run, or of a store's arena.
public struct SessionMemory: Hashable, Sendable, CustomStringConvertible {
  /// In live buffers, as the allocator rounds them.
  public let allocated: Int
  /// In the pages that hold live buffers.
  public let active: Int
  /// The most that live buffers took up at once since the session or the store was made, or its peak was reset.
  public let peak: Int
  /// In address space that freed buffers have left; of a session, see ``Session/trimMemory()``.
  public let retained: Int

  public var description: String {
    func kibibytes(_ bytes: Int) -> String { "\((bytes + 1023) / 1024) KiB" }
    return "\(kibibytes(allocated)) allocated, \(kibibytes(active)) active, \(kibibytes(peak)) at the peak, "
      + "\(kibibytes(retained)) retained"
  }
}

extension Session {
  /// What the session's own arenas hold now: inputs, values, gradients. Parameters live in their ``ParameterStore``,
  /// constants in the program.
  ///
  /// Asks the allocator for its statistics: for reports, not for inner loops.
  public var memory: SessionMemory {
    let (lasting, run) = workspace.statistics
    return SessionMemory(
      allocated: lasting.allocated + run.allocated, active: lasting.active + run.active, peak: lasting.peak,
      retained: lasting.retained + run.retained)
  }

  /// Starts a new high-water mark at what is in use now.
  public func resetPeakMemory() { workspace.resetPeak() }

  /// Takes all memory that runs need and writes to each page of it, so that the first run does not wait for the
  /// operating system to find and clear them: a server calls it before it takes requests. Values that were computed are
  /// forgotten; inputs that were fed stay, as do upstream gradients that were written.
  ///
  /// - Throws: ``SessionError/busy(_:)`` during a run, ``SessionError/memoryLimit(node:requested:inUse:limit:)``.
  /// - Complexity: O(``Program/sessionBytes``).
  public func reserveMemory() throws {
    try claimAlone()
    defer { release() }
    try takeMemory()
    let (fed, upstreams) = progress.withLock { progress in
      progress.hasOutputs = false
      progress.hasGradients = false
      progress.forwardVersion = nil
      return (progress.written, progress.writtenUpstreams)
    }
    let endpoints = program.endpoints
    workspace.clear(
      keeping: Set(
        endpoints.inputs.filter { fed.contains($0.node) }.map(\.place)
          + upstreams.compactMap { endpoints.upstreams[$0]?.place }))
  }

  /// Returns the memory kept for the next run to the operating system, and forgets values that a forward pass has kept
  /// for its backward pass.
  ///
  /// - Throws: ``SessionError/busy(_:)`` during a run.
  public func trimMemory() throws {
    try claimAlone()
    defer { release() }
    workspace.trim()
    progress.withLock { $0.forwardVersion = nil }
  }
}

extension Program {
  /// The bytes that one session takes for a step: inputs, values, gradients, as the allocator rounds them. Known before
  /// any session is made. Parameters, which sessions may share, and ``constantBytes``, which they do, come on top.
  ///
  /// - Complexity: O(buffers).
  public var sessionBytes: Int { plan.sessionBytes }

  /// The bytes of the constants of more than one number, as the allocator rounds them: taken once for all sessions of
  /// the program, when the first needs them, and given back with the program. No memory limit of a session counts them.
  ///
  /// Constants that repeat one value, such as zeros of different shapes, are kept as the largest of them, once.
  ///
  /// - Complexity: O(constants).
  public var constantBytes: Int { constants.byteCount }

  var lastingByteCounts: [Int] { plan.lastingByteCounts }
}

extension ProgramPlan {
  /// See ``Program/sessionBytes``.
  var sessionBytes: Int {
    (lastingByteCounts + slots.map(\.byteCount)).reduce(0) { $0 + BufferArena.reservedByteCount(for: $1) }
  }
}
