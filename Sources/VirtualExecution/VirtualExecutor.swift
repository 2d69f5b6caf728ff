internal import DependencyScheduling

/// An executor in virtual time, for tests and benchmarks: what a run would take with any number of workers, on a
/// machine that need not exist.
///
/// ```swift
/// let graph = VirtualGraph(schedule)   // whose units have costs
/// var executor = VirtualExecutor(width: 128)
/// print(executor.settledRun(of: graph).time, graph.bound(width: 128))
/// ```
/// No unit runs: each takes what it costs, and each step of the workers its price. But who takes part, what a worker
/// does next, and whether a run is shared is decided by the same machines as in a ``GraphExecutor``. Only a run of
/// which nothing is known is simply shared, where a ``GraphExecutor`` begins alone, watched by a seat: it is the first
/// of many, and what matters here is where they lead. The same seed replays the same run.
public struct VirtualExecutor {
  /// One unit's run.
  public struct UnitRun: Equatable, Sendable {
    public let unit: Int
    public let worker: Int
    public let start: Double
    public let end: Double
  }

  public let width: Int
  public let prices: VirtualPrices
  public let rules: VirtualRules
  private var record = SharingRecord()
  private var random: SeededGenerator

  /// - Parameters:
  ///   - width: The most workers of a run, its caller included, and the number of seats.
  ///   - seed: Decides what of two simultaneous steps comes first.
  public init(
    width: Int, prices: VirtualPrices = VirtualPrices(), rules: VirtualRules = VirtualRules(), seed: UInt64 = 0
  ) {
    demand(width >= 1, "An executor has at least one worker, got \(width)")
    (self.width, self.prices, self.rules) = (width, prices, rules)
    random = SeededGenerator(seed: seed)
  }

  /// How a run went.
  public struct Outcome: Equatable, Sendable {
    /// Nanoseconds until the caller returned.
    public let time: Double
    /// Whether any of it was shared.
    public let isShared: Bool
    /// How often a seat was woken.
    public let wakeUps: Int
  }

  /// One run, as earlier ones suggest; it teaches later ones.
  public mutating func run(_ graph: VirtualGraph) -> Outcome {
    let facts = SharingRecord.Facts(
      unitCount: graph.unitCount, width: width,
      estimate: graph.estimate.map { ($0.work, max($0.work / Double(width), $0.span)) })
    guard width > 1, graph.unitCount > 1 else { return runAlone(graph) }
    switch record.choose(facts) {
    case .shared:
      let run = VirtualRun(graph, self, seed: random.next(), keepsHistory: false)
      run.play()
      record.note(shared: run.end!, work: run.busy)
      return Outcome(time: run.end!, isShared: true, wakeUps: run.wakeUps)
    case .alone: return runAlone(graph)
    case .watched(let expectation): return runWatched(graph, Watch(expectation, facts))
    }
  }

  /// The time of a run when earlier ones have taught what there is to learn: the median of three after ten.
  public mutating func settledRun(of graph: VirtualGraph) -> Outcome {
    for _ in 0..<10 { _ = run(graph) }
    return (0..<3).map { _ in run(graph) }.sorted { $0.time < $1.time }[1]
  }

  /// One run that is shared from its beginning, whatever earlier ones suggest, with all units in the order of their
  /// ends.
  public mutating func sharedRun(of graph: VirtualGraph) -> (outcome: Outcome, units: [UnitRun]) {
    demand(width > 1, "One worker shares with nobody")
    let run = VirtualRun(graph, self, seed: random.next(), keepsHistory: true)
    run.play()
    return (Outcome(time: run.end!, isShared: true, wakeUps: run.wakeUps), run.history)
  }

  /// What a run takes on one worker without anybody else.
  public func timeAlone(_ graph: VirtualGraph) -> Double {
    graph.work + Double(graph.unitCount) * prices.perUnitAlone
  }

  /// The most workers that a shared run may have.
  func workers(for graph: VirtualGraph) -> Int {
    guard rules.limitsWorkers, let estimate = graph.estimate, estimate.span > 0 else { return width }
    return min(width, max(2, Int((2 * estimate.work / estimate.span).rounded(.up))))
  }

  private func runAlone(_ graph: VirtualGraph) -> Outcome {
    Outcome(time: timeAlone(graph), isShared: false, wakeUps: 0)
  }

  /// Alone while a watch looks at the clock, which takes ``VirtualPrices/failedLook``.
  private mutating func runWatched(_ graph: VirtualGraph, _ watch: Watch) -> Outcome {
    var watch = watch
    var position = 1
    var looks = 0.0
    while position < graph.unitCount {
      looks += prices.failedLook
      let elapsed = graph.serialCosts[position] + Double(position) * prices.perUnitAlone + looks
      let costDone = graph.serialEstimates?[position]
      switch watch.look(elapsed: Int64(elapsed), done: position, costDone: costDone) {
      case .goOn(let units): position += units
      case .shareRest:
        record.note(sharedHalfWay: elapsed)
        let run = VirtualRun(graph, self, seed: random.next(), after: position, keepsHistory: false)
        run.play()
        let time = elapsed + Double(position) * prices.perUnitAlone + run.end!
        return Outcome(time: time, isShared: true, wakeUps: run.wakeUps)
      }
    }
    let time = timeAlone(graph) + looks
    record.note(alone: time)
    return Outcome(time: time, isShared: false, wakeUps: 0)
  }
}
