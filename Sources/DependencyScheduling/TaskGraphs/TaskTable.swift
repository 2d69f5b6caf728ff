/// The tasks of a graph by unit, its groups, and where a run keeps what they make.
struct TaskTable: Sendable {
  /// What a task does. It takes its inputs from the values of the run, and leaves its output there.
  enum Work: Sendable {
    case blocking(@Sendable (TaskValues) throws -> Void)
    case suspending(@Sendable (TaskValues) async throws -> Void)
  }

  struct Entry: Sendable {
    let name: String
    let serial: SerialNumber
    let work: Work
    /// The position of its group.
    let group: Int?
  }

  private(set) var entries: [Entry] = []
  private(set) var groups: [TaskGraph.Group] = []
  private(set) var layout = TaskValues.Layout()
  /// Whether any task is asynchronous.
  private(set) var hasAsynchronousWork = false
  /// A task that takes another's output, if there is one.
  private(set) var taker: String?

  var names: [String] { entries.map(\.name) }

  @inline(__always)
  subscript(unit: UnitID) -> Entry { entries[Int(unit.index)] }

  mutating func append(_ name: String, in group: TaskGraph.Group?, _ work: Work) -> TaskGraph.TaskID {
    if let group { demandOwn(group) }
    if case .suspending = work { hasAsynchronousWork = true }
    let id = TaskGraph.TaskID(unit: UnitID(UInt32(entries.count)), serial: SerialNumber())
    entries.append(Entry(name: name, serial: id.serial, work: work, group: group?.position))
    return id
  }

  mutating func append(_ group: TaskGraph.Group) { groups.append(group) }

  /// Reserves a place for the value of the task that is added next.
  mutating func reservePlace<Value: Sendable>(for type: Value.Type) -> TaskValues.Place {
    layout.append(type, of: entries.count)
  }

  /// Notes that a task takes another's output.
  mutating func noteTaker(_ name: String) { taker = taker ?? name }

  // MARK: what belongs here

  func owns(_ task: TaskGraph.TaskID) -> Bool {
    let index = Int(task.unit.index)
    return index < entries.count && entries[index].serial == task.serial
  }

  func demandOwn(_ task: TaskGraph.TaskID) {
    demand(
      owns(task), "Task \(task.unit.index) is not of this graph, which has \(entries.count) tasks of its own")
  }

  private func demandOwn(_ group: TaskGraph.Group) {
    demand(
      group.position < groups.count && groups[group.position] == group,
      "Group \"\(group.name)\" is not of this graph, which has \(groups.count) groups of its own")
  }
}
