/// Visits the units in the order in which a single worker runs them: depth first, each after its predecessors.
///
/// The first successor that becomes ready comes next, since its inputs are in the cache; then the youngest of the
/// others; then the next root. Nothing is run: the walk finds the ``ScheduleStorage/serialOrder()`` that lone
/// workers follow, and retraces the beginning of it when others join in half way.
///
/// Used by one thread, with counters nobody else is using. A walk to the end leaves them armed.
///
/// - Complexity: O(units + edges) for the whole walk.
struct SerialWalk: ~Copyable {
  private let offsets: UnsafePointer<UInt32>
  private let successors: UnsafePointer<UInt32>
  private let roots: UnsafePointer<UInt32>
  private let rootCount: Int
  private let counters: DependencyCounters

  /// The units that are ready, but for roots; the next one last.
  private(set) var ready: [UInt32]

  /// How many roots have been visited.
  private(set) var visitedRoots = 0

  /// - Parameter room: an empty array, so that a walk allocates nothing if it has the capacity; see ``leaveRoom()``.
  init(_ run: Run, room: consuming [UInt32] = []) {
    ready = room
    (offsets, successors) = (run.offsets, run.successors)
    (roots, rootCount) = (run.roots, run.rootCount)
    counters = run.counters
  }

  /// The next unit, `nil` after the last one.
  mutating func next() -> UInt32? {
    guard let unit = ready.popLast() ?? nextRoot() else { return nil }
    var first: UInt32?
    for edge in Int(offsets[Int(unit)])..<Int(offsets[Int(unit) + 1]) {
      let target = successors[edge]
      let successor = target & ~ScheduleStorage.onlyPredecessor
      guard target != successor || counters.arriveAlone(at: successor) else { continue }
      if first == nil { first = successor } else { ready.append(successor) }
    }
    if let first { ready.append(first) }
    return unit
  }

  /// Ends the walk and gives back the array it was given.
  consuming func leaveRoom() -> [UInt32] {
    ready.removeAll(keepingCapacity: true)
    return ready
  }

  private mutating func nextRoot() -> UInt32? {
    guard visitedRoots < rootCount else { return nil }
    visitedRoots += 1
    return roots[visitedRoots - 1]
  }
}
