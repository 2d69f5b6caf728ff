/// What goes on in a small world of at most three workers, whose every interleaving is walked; see ``WakingWorld``.
struct WakingScenario {
  /// A run: its units, each with its successors, and who takes part.
  struct Plan {
    let successors: [[Int]]
    /// A synchronous run brings a worker of its own.
    var hasCaller: Bool
    /// The most seats that may be inside.
    var seatLimit: Int
    /// The units that suspend, and are completed from outside.
    var suspending: Set<Int> = []
    /// The units that may throw, or not.
    var failing: Set<Int> = []
    /// One seat alone runs the units in order, and may share the rest out after any of them.
    var isLone = false
    /// For each unit, those it waits for, as bits.
    let predecessors: [UInt64]
    let roots: [Int]
    /// No more units are ready at once: a unit that ends makes way for the first of its successors.
    let mostReady: Int

    init(
      _ successors: [[Int]], caller hasCaller: Bool, seats seatLimit: Int, suspending: Set<Int> = [],
      failing: Set<Int> = [], isLone: Bool = false
    ) {
      (self.successors, self.hasCaller, self.seatLimit) = (successors, hasCaller, seatLimit)
      (self.suspending, self.failing, self.isLone) = (suspending, failing, isLone)
      let predecessors = successors.indices.map { unit in
        successors.indices.filter { successors[$0].contains(unit) }.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
      }
      self.predecessors = predecessors
      roots = successors.indices.filter { predecessors[$0] == 0 }
      mostReady = roots.count + successors.reduce(0) { $0 + max($1.count - 1, 0) }
    }
  }

  /// What a thread that is no worker does, at any moment.
  enum Event {
    /// Starts an asynchronous run.
    case open(Int)
    /// Completes a unit that has suspended, once it has.
    case complete(run: Int, unit: Int)
    /// Cancels a run, if it is not over.
    case cancel(Int)
    case setWidth(Int)
    /// Enqueues a job of a Swift task.
    case enqueue
  }

  let name: String
  let width: Int
  /// The most seats there ever are.
  var mostSeats: Int
  let plans: [Plan]
  let outsiders: [[Event]]
  /// Whether a seat that is called may begin its stay while the one before it still announces its sleep: so it is on a
  /// host's threads, but not on a serial queue.
  var seatsOverlap = false

  var canStop: Bool {
    plans.contains { !$0.failing.isEmpty }
      || outsiders.joined().contains { if case .cancel = $0 { true } else { false } }
  }

  init(
    _ name: String, width: Int, mostSeats: Int? = nil, _ plans: [Plan], _ outsiders: [[Event]] = [],
    seatsOverlap: Bool = false
  ) {
    (self.name, self.width, self.plans, self.outsiders) = (name, width, plans, outsiders)
    self.mostSeats = mostSeats ?? max(width, 1)
    self.seatsOverlap = seatsOverlap
  }
}

extension WakingScenario: CustomStringConvertible {
  var description: String { name }
}
