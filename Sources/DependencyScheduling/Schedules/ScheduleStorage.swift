internal import Threads

/// What all copies of one ``Schedule`` share: the frozen arrays, and the run states waiting for the next run.
///
/// Immutable but for what runs leave behind for later ones, which has a lock.
final class ScheduleStorage: @unchecked Sendable {  // because the arrays never change and `lock` guards the rest
  let unitCount: Int
  let edgeCount: Int

  /// Where each unit's successors begin in `successors`; `unitCount + 1` entries.
  let offsets: UnsafeMutablePointer<UInt32>

  /// The successors, unit after unit, in the order the edges were given or, where costs are known, the one that begins the
  /// longest remaining path first. The top bit marks a successor that waits for
  /// nobody else: whoever ran its predecessor may run it without counting.
  let successors: UnsafeMutablePointer<UInt32>

  /// How many predecessors each unit has.
  let dependencyCounts: UnsafeMutablePointer<UInt32>

  /// The units without predecessors, ascending or, where costs are known, by the longest remaining path.
  let roots: UnsafeMutablePointer<UInt32>
  let rootCount: Int

  /// Every unit after its predecessors, as a lone worker runs them; see ``CompressedEdges/serialOrder()``.
  let serialOrder: UnsafePointer<UInt32>

  let estimates: Estimates?

  /// What earlier runs have taught, by the place that they were run from.
  let learned = LearnedSharing()

  private let lock = PlatformLock()
  /// The run states that wait for the next run; guarded by `lock`.
  private var pool: [Run] = []

  /// How many run states are kept: as many as have run at once, within bounds. Sixteen megabytes are allowed in any case.
  private static let mostPooled = 64  // Decisions/Scheduling.md
  private static let pooledUnits = 2_000_000  // Decisions/Scheduling.md

  static let onlyPredecessor: UInt32 = 1 << 31

  /// - Throws: ``CycleError`` if the edges form a cycle.
  /// - Complexity: O(units + edges), but for sorting each unit's successors where costs are known.
  init(_ edges: CompressedEdges, costs: [Float]?) throws(CycleError) {
    let order = try edges.serialOrder()
    unitCount = order.count
    edgeCount = edges.successors.count
    offsets = .copy(of: edges.offsets)
    successors = .copy(of: edges.successors)
    serialOrder = UnsafePointer(UnsafeMutablePointer.copy(of: order))
    estimates = costs.map { Estimates(costs: $0, edges, order: order) }
    dependencyCounts = .allocate(capacity: unitCount)
    dependencyCounts.initialize(repeating: 0, count: unitCount)
    for edge in 0..<edgeCount { dependencyCounts[Int(successors[edge])] += 1 }
    var rootCount = 0
    for unit in 0..<unitCount where dependencyCounts[unit] == 0 { rootCount += 1 }
    roots = .allocate(capacity: rootCount)
    self.rootCount = rootCount
    var next = roots
    for unit in 0..<unitCount where dependencyCounts[unit] == 0 {
      next.initialize(to: UInt32(unit))
      next += 1
    }
    if let estimates { orderByLongestPath(estimates.costs) }
    for edge in 0..<edgeCount where dependencyCounts[Int(successors[edge])] == 1 {
      successors[edge] |= Self.onlyPredecessor
    }
  }

  deinit {
    offsets.deallocate()
    successors.deallocate()
    dependencyCounts.deallocate()
    roots.deallocate()
    serialOrder.deallocate()
  }

  /// A run state that nobody else uses: a pooled one, or a new one.
  func takeRun() -> Run {
    lock.withLock { pool.popLast() } ?? Run(self)
  }

  /// How many run states wait.
  var pooledRuns: Int { lock.withLock { pool.count } }

  /// Gives back a run state whose counters are armed.
  func giveBack(_ run: Run) {
    lock.withLock {
      let most = max(4, min(Self.mostPooled, Self.pooledUnits / max(unitCount, 1)))
      if pool.count < most { pool.append(run) }
    }
  }
}
