/// What all copies of one ``Schedule`` share: the frozen arrays, and the run states waiting for the next run.
///
/// Immutable but for what runs leave behind for later ones, which has a lock.
final class ScheduleStorage: @unchecked Sendable {  // because the arrays never change and `lock` guards the rest
  let unitCount: Int
  let edgeCount: Int

  /// Where each unit's successors begin in `successors`; `unitCount + 1` entries.
  let offsets: UnsafeMutablePointer<UInt32>

  /// The successors, unit after unit, in the order the edges were given. The top bit marks a successor that waits for
  /// nobody else: whoever ran its predecessor may run it without counting.
  let successors: UnsafeMutablePointer<UInt32>

  /// How many predecessors each unit has.
  let dependencyCounts: UnsafeMutablePointer<UInt32>

  /// The units without predecessors, ascending.
  let roots: UnsafeMutablePointer<UInt32>
  let rootCount: Int

  let estimates: Estimates?

  /// Guards what follows.
  let lock = PlatformLock()
  private var pool: [Run] = []

  /// See ``serialOrder()``, which makes it.
  var order: UnsafeMutablePointer<UInt32>?

  /// What earlier runs have taught.
  var sharingRecord = SharingRecord()

  /// How many run states are kept for later; more runs at once make their own and drop them.
  private static let poolLimit = 4

  static let onlyPredecessor: UInt32 = 1 << 31

  /// Takes over `offsets` and `successors`, whose edges are known to run between units and to form no cycle.
  ///
  /// - Complexity: O(units + edges).
  init(
    unitCount: Int, offsets: UnsafeMutablePointer<UInt32>, successors: UnsafeMutablePointer<UInt32>,
    estimates: Estimates?
  ) {
    self.unitCount = unitCount
    self.offsets = offsets
    self.successors = successors
    self.estimates = estimates
    edgeCount = Int(offsets[unitCount])
    dependencyCounts = .allocate(capacity: unitCount)
    dependencyCounts.initialize(repeating: 0, count: unitCount)
    for edge in 0..<edgeCount { dependencyCounts[Int(successors[edge])] += 1 }
    for edge in 0..<edgeCount where dependencyCounts[Int(successors[edge])] == 1 {
      successors[edge] |= Self.onlyPredecessor
    }
    var rootCount = 0
    for unit in 0..<unitCount where dependencyCounts[unit] == 0 { rootCount += 1 }
    roots = .allocate(capacity: rootCount)
    self.rootCount = rootCount
    var next = roots
    for unit in 0..<unitCount where dependencyCounts[unit] == 0 {
      next.initialize(to: UInt32(unit))
      next += 1
    }
  }

  deinit {
    offsets.deallocate()
    successors.deallocate()
    dependencyCounts.deallocate()
    roots.deallocate()
    order?.deallocate()
  }

  /// A run state that nobody else uses: a pooled one, or a new one in O(units).
  func takeRun() -> Run {
    lock.withLock { pool.popLast() } ?? Run(self)
  }

  /// Gives back a run state whose counters are armed.
  func giveBack(_ run: Run) {
    lock.withLock {
      if pool.count < Self.poolLimit { pool.append(run) }
    }
  }
}
