@testable import DependencyScheduling

/// Runs a ``VirtualLoad`` as a record says, in no time, and tells the record how long it took.
struct VirtualExecutor {
  enum Way { case alone, shared, sharedHalfWay }

  struct Outcome {
    var way: Way
    var time: Double
  }

  var load: VirtualLoad { didSet { steady = nil } }

  /// The factor by which the costs given by the user differ from the real ones, if any are given.
  var estimateFactor: Double?
  var record = SharingRecord()

  /// How much slower than undisturbed the next run is.
  var disturbance = 1.0

  private var hasThreads = false
  private var steady: VirtualLoad.SharedRun?

  /// Reading the clock.
  static let look = 25.0

  init(_ load: VirtualLoad, estimateFactor: Double? = nil) {
    self.load = load
    self.estimateFactor = estimateFactor
  }

  /// The shorter of an undisturbed run alone and a shared one.
  var better: Double {
    mutating get { min(load.alone, steadyRun().time) }
  }

  mutating func run() -> Outcome {
    var facts = SharingRecord.Facts(unitCount: load.costs.count, width: load.width)
    if let estimateFactor {
      let work = load.costs.reduce(0, +) * estimateFactor
      let longest = load.isChain ? work : load.costs.max()! * estimateFactor
      facts.estimate = (alone: work, shared: max(work / Double(load.width), longest))
    }
    switch record.choose(facts) {
    case .alone: return Outcome(way: .alone, time: load.alone * disturbance)
    case .shared:
      let run = hasThreads ? steadyRun() : load.shared(isCold: true)
      hasThreads = true
      record.note(shared: run.time * disturbance, work: run.work * disturbance)
      return Outcome(way: .shared, time: run.time * disturbance)
    case .watched(let expectation): return runWatched(Watch(expectation, facts))
    }
  }

  private mutating func runWatched(_ watch: Watch) -> Outcome {
    var watch = watch
    var done = 1
    var looks = 2.0
    while done < load.costs.count {
      let elapsed = load.alone(done) * disturbance + looks * Self.look
      // The costs given are proportional to the real ones.
      let costDone = estimateFactor.map { (load.alone(done) - VirtualLoad.perUnitAlone * Double(done)) * $0 }
      switch watch.look(elapsed: Int64(elapsed), done: done, costDone: costDone) {
      case .goOn(let units): done += units
      case .shareRest:
        record.note(sharedHalfWay: elapsed)
        hasThreads = true
        return Outcome(way: .sharedHalfWay, time: elapsed + load.shared(after: done).time * disturbance)
      }
      looks += 1
    }
    precondition(done == load.costs.count, "The watch asked for more units than there are")
    let elapsed = load.alone * disturbance + looks * Self.look
    record.note(alone: elapsed)
    return Outcome(way: .alone, time: elapsed)
  }

  private mutating func steadyRun() -> VirtualLoad.SharedRun {
    if steady == nil { steady = load.shared() }
    return steady!
  }
}
