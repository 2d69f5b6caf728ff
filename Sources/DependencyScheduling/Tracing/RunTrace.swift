/// What happened in one run of a schedule: which worker ran each unit and when, and which chain of units kept the run
/// from ending sooner.
///
/// ```swift
/// let trace = try tasks.trace(on: GraphExecutor.shared)
/// print(trace.summary)     // critical path, parallelism, time by kind
/// try trace.perfettoJSON.write(toFile: path, atomically: true, encoding: .utf8)     // opens in ui.perfetto.dev
/// ```
/// Times are nanoseconds since the run began. Only a run that is traced looks at the clock for its units; others have
/// nothing of this in their way.
public struct RunTrace: Sendable {
  /// A stretch of a unit's time.
  public struct Part: Hashable, Sendable {
    /// What it is called.
    public let name: String
    /// What it is summed up under in ``RunTrace/timeByKind``: the kind of gate, for example.
    public let kind: String
    /// How long it took.
    public let nanoseconds: Int64

    /// A part of a unit, as who traces a run describes it.
    public init(name: String, kind: String, nanoseconds: Int64) {
      (self.name, self.kind, self.nanoseconds) = (name, kind, nanoseconds)
    }
  }

  /// One unit, as it was run.
  public struct Unit: Sendable {
    /// Which unit of the schedule it is.
    public let id: UnitID
    /// Who ran it; 0 is the calling thread.
    public let worker: Int
    /// When its body was called, in nanoseconds since the run began.
    public let start: Int64
    /// When its body returned, in nanoseconds since the run began.
    public let end: Int64
    /// What it consisted of, one after the other; may be empty, for a unit that only waits.
    public let parts: [Part]

    /// How long its body took.
    public var nanoseconds: Int64 { end - start }
    /// The name of its first part, and how many more there are.
    public var name: String {
      switch parts.count {
      case 0: "\(id)"
      case 1: parts[0].name
      default: "\(parts[0].name) and \(parts.count - 1) more"
      }
    }
  }

  /// A stretch of time in which a worker took part.
  public struct Stay: Hashable, Sendable {
    /// Which worker it was; 0 is the calling thread.
    public let worker: Int
    /// When it came, in nanoseconds since the run began.
    public let start: Int64
    /// When it left, or went to sleep, in nanoseconds since the run began.
    public let end: Int64
  }

  /// What the run was called.
  public let name: String
  /// The units, by index.
  public let units: [Unit]
  /// When workers came and went, in order of their coming.
  public let stays: [Stay]
  /// How long the run took.
  public let nanoseconds: Int64
  /// The chain of units, each waiting for the one before, that took longest.
  public let criticalPath: [UnitID]

  /// The time of all units: what a single worker would have taken.
  public var work: Int64 { units.reduce(0) { $0 + $1.nanoseconds } }
  /// The time of the critical path: what no number of workers can beat.
  public var span: Int64 { criticalPath.reduce(0) { $0 + units[Int($1.index)].nanoseconds } }
  /// How many workers had a unit, on the average.
  public var busyWorkers: Double { Double(work) / Double(max(nanoseconds, 1)) }
  /// How many could have had one, if there were enough of them.
  public var parallelism: Double { Double(work) / Double(max(span, 1)) }
  /// How many workers took part at all.
  public var workerCount: Int { Set(stays.map(\.worker)).count }
  /// How often a helper was woken for the run, and the caller while it slept.
  public var wakeUps: (helpers: Int, caller: Int) {
    let helpers = stays.count { $0.worker > 0 }
    return (helpers, stays.count - helpers - 1)
  }

  /// - Parameter parts: what a unit consisted of.
  init(
    _ name: String, _ schedule: Schedule, _ recorder: RunRecorder, start: Int64, end: Int64,
    parts: (UnitID, _ nanoseconds: Int64) -> [Part]
  ) {
    self.name = name
    let (stays, units) = recorder.finish()
    self.stays = stays.map { Stay(worker: $0.worker, start: $0.start - start, end: $0.end - start) }
    self.units = units.enumerated().map { index, unit in
      let id = UnitID(UInt32(index))
      return Unit(
        id: id, worker: unit.worker, start: unit.start - start, end: unit.end - start,
        parts: parts(id, unit.end - unit.start))
    }
    nanoseconds = end - start
    criticalPath = schedule.longestChain { unit in
      let unit = units[Int(unit.index)]
      return unit.end - unit.start
    }
  }
}

extension Schedule {
  /// The chain of dependencies whose units' times add up to most.
  ///
  /// - Complexity: O(units + edges).
  func longestChain(_ time: (UnitID) -> Int64) -> [UnitID] {
    if unitCount == 0 { return [] }
    var before = [Int64](repeating: 0, count: unitCount)
    var predecessor = [UnitID?](repeating: nil, count: unitCount)
    var last = (unit: UnitID(0), end: Int64.min)
    let order = storage.serialOrder
    for position in 0..<unitCount {
      let unit = UnitID(order[position])
      let end = before[Int(unit.index)] + time(unit)
      if end > last.end { last = (unit, end) }
      for successor in successors(of: unit)
      where predecessor[Int(successor.index)] == nil || end > before[Int(successor.index)] {
        before[Int(successor.index)] = end
        predecessor[Int(successor.index)] = unit
      }
    }
    var chain = [last.unit]
    while let unit = predecessor[Int(chain.last!.index)] { chain.append(unit) }
    return chain.reversed()
  }
}
