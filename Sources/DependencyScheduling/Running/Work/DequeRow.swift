import Synchronization
internal import Threads

/// The deques of one run's workers. A worker takes a place that is free, lowest first, so that few workers meet in few
/// deques, and whoever steals looks at those alone that somebody has taken in this run.
///
/// Taking and giving back are guarded by the lock of the executor's seats, but for the caller's place 0, which it takes
/// before anybody else can enter. A place that was given back may still hold units: thieves find them, and so does
/// whoever takes it next.
///
/// **Who must see what.** A thief must see a deque made and emptied before it looks at it: `take` *releases* with the
/// number of places in use, `placesInUse` *acquires*.
final class DequeRow: @unchecked Sendable {  // because of the protocol above
  private let unitCount: Int
  private let used = PaddedAtomic(0)
  private var owners: UnsafeMutablePointer<WorkDeque>
  /// The same deques as workers reach them, those that were taken in this run.
  private var deques: UnsafeMutablePointer<WorkDeque.Ends>
  private var room = 0
  private var madeCount = 0
  private var free: [Int] = []

  init(capacity unitCount: Int) {
    self.unitCount = unitCount
    (owners, deques) = (.allocate(capacity: 1), .allocate(capacity: 1))
  }

  deinit {
    owners.deinitialize(count: madeCount)
    owners.deallocate()
    deques.deallocate()
  }

  /// Prepares a run of at most `width` workers while nobody else can reach it.
  ///
  /// - Complexity: O(1), unless no run before was as wide.
  func reset(width: Int) {
    used.word.pointee.store(0, ordering: .relaxed)
    free.removeAll(keepingCapacity: true)
    guard width > room else { return }
    let grown = UnsafeMutablePointer<WorkDeque>.allocate(capacity: width)
    grown.moveInitialize(from: owners, count: madeCount)
    owners.deallocate()
    deques.deallocate()
    (owners, deques, room) = (grown, .allocate(capacity: width), width)
    free.reserveCapacity(width)
  }

  /// Gives a worker a place.
  func take() -> Int {
    if let place = free.popLast() { return place }
    let place = used.word.pointee.load(ordering: .relaxed)
    if place == madeCount {
      (owners + place).initialize(to: WorkDeque(capacity: unitCount))
      madeCount += 1
    }
    deques[place] = owners[place].ends
    deques[place].reset()
    used.word.pointee.store(place + 1, ordering: .releasing)
    return place
  }

  /// The worker at `place` has left; what it leaves behind stays there.
  func giveBack(_ place: Int) { free.append(place) }

  /// How many places have been taken in this run.
  @inline(__always)
  var placesInUse: Int { used.word.pointee.load(ordering: .acquiring) }

  @inline(__always)
  subscript(place: Int) -> WorkDeque.Ends { deques[place] }

  /// Whether any of them holds a unit; in the total order of calls and announcements.
  var haveUnits: Bool { (0..<placesInUse).contains { !deques[$0].isEmpty } }

  /// How many units they hold together, if nobody moves.
  var readyCount: Int { (0..<placesInUse).reduce(0) { $0 + deques[$1].count } }

  /// How many units each holds, if nobody moves.
  var counts: [Int] { (0..<placesInUse).map { deques[$0].count } }
}
