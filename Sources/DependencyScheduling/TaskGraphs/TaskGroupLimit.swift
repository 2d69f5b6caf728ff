internal import Threads

extension TaskGraph {
  /// Tasks of which no more than a limit run at once: those that share a disk, or memory that is scarce.
  public struct Group: Hashable, Sendable {
    /// What errors call it.
    public let name: String
    /// The most of its tasks that run at once in one run.
    public let limit: Int
    let position: Int
    let serial: SerialNumber
  }

  /// Makes a group of tasks of which at most `limit` run at once in one run.
  ///
  /// ```swift
  /// let disk = try graph.group("disk", limit: 2)
  /// let files = paths.map { path in graph.task("read \(path)", in: disk) { try read(path) } }
  /// ```
  /// A task that may not start yet holds no thread: whoever came to it does something else, and it starts when another
  /// one of its group has ended. A task that awaits something still counts.
  ///
  /// - Throws: ``InvalidGroupLimit`` for a limit below 1.
  public mutating func group(_ name: String, limit: Int) throws(InvalidGroupLimit) -> Group {
    guard limit >= 1 else { throw InvalidGroupLimit(group: name, limit: limit) }
    let group = Group(name: name, limit: limit, position: tasks.groups.count, serial: SerialNumber())
    tasks.append(group)
    return group
  }
}

/// A limit with which no task of a group could ever run.
public struct InvalidGroupLimit: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the group.
  public let group: String
  /// The limit that was asked for.
  public let limit: Int

  public var description: String { "at least 1 task of group \"\(group)\" must be allowed to run, got \(limit)" }
}

/// The limit of one group in one run: who may start, and who waits.
///
/// A waiting task that is let go enters like any other, and may find that somebody else was faster; then it waits
/// again. None is forgotten: as long as tasks wait, there is room for no more than have been let go and have not come
/// yet. For a task waits only if there is no room, and each that leaves makes room for one and lets one go.
final class TaskGate<Waiting: Sendable>: @unchecked Sendable {  // because `lock` guards what changes
  private let limit: Int
  private let lock = PlatformLock()
  private var running = 0
  /// First come, first served, from `first` on.
  private var waiting: [Waiting] = []
  private var first = 0

  init(limit: Int) { self.limit = limit }

  /// Lets a task start, or makes it wait as what `putOff` returns.
  func enter(orPutOff putOff: () -> Waiting) -> Bool {
    lock.withLock {
      if running < limit {
        running += 1
        return true
      }
      waiting.append(putOff())
      return false
    }
  }

  /// A task has ended. Returns one that is to enter now.
  func leave() -> Waiting? {
    lock.withLock {
      running -= 1
      guard first < waiting.count else { return nil }
      defer {
        first += 1
        if first > waiting.count / 2 {
          waiting.removeFirst(first)
          first = 0
        }
      }
      return waiting[first]
    }
  }
}

extension TaskTable {
  /// The gates of one run, by the positions of the groups.
  func gates<Waiting: Sendable>() -> [TaskGate<Waiting>] { groups.map { TaskGate(limit: $0.limit) } }
}
