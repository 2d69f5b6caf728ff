/// Walks all interleavings of a ``WakingScenario``, breadth first, so that what it finds wrong is found by the fewest
/// steps.
struct WakingWalk {
  /// What is wrong, and how it comes about.
  struct Failure: Error, CustomStringConvertible {
    let scenario: String
    let reason: String
    let steps: [String]

    var description: String { "\(scenario): \(reason)\n" + steps.joined(separator: "\n") }
  }

  private var world: WakingWorld
  private let wordCount: Int
  private var states: StateTable
  /// For each state, the first of its edges, and all edges' ends.
  private var firstEdge: ContiguousArray<Int32> = [0]
  private var edges: ContiguousArray<Int32> = []
  /// How each state was reached first.
  private var origins: ContiguousArray<(state: Int32, actor: Int8, choice: Int8)> = [(-1, 0, 0)]
  private var isEnd: ContiguousArray<Bool> = []

  private(set) var endCount = 0
  var stateCount: Int { states.count }
  var edgeCount: Int { edges.count }

  init(_ scenario: WakingScenario, _ table: SearchTable, omitting omission: WakingWorld.Omission? = nil) {
    world = WakingWorld(scenario, table, omitting: omission)
    wordCount = world.wordCount
    states = StateTable(wordCount: wordCount)
  }

  /// Walks, and checks every state.
  mutating func walk(atMost limit: Int = .max) throws {
    world.save(to: states.scratch)
    _ = states.insertScratch()
    var state = 0
    while state < states.count {
      try expand(state)
      state += 1
      if state > limit { throw failure("more than \(limit) states", at: state - 1) }
    }
    try checkThatAllCanEnd()
  }

  private mutating func expand(_ state: Int) throws {
    world.load(from: states[state])
    if let reason = world.brokenInvariant() { throw failure(reason, at: state) }
    let edgesBefore = edges.count
    var mayStepAgain = true  // because the world is as it was loaded
    for actor in 0..<world.actorCount {
      var choice = 0
      repeat {
        if !mayStepAgain { world.load(from: states[state]) }
        world.choice = choice
        mayStepAgain = !world.step(actor)
        if mayStepAgain { break }
        if let reason = world.violation { throw failure(reason, at: state, actor, choice) }
        world.save(to: states.scratch)
        let (next, isNew) = states.insertScratch()
        if isNew { origins.append((Int32(state), Int8(actor), Int8(choice))) }
        edges.append(Int32(next))
        choice += 1
      } while choice < world.outcomes
    }
    firstEdge.append(Int32(edges.count))
    isEnd.append(edges.count == edgesBefore)
    if edges.count == edgesBefore {
      world.load(from: states[state])
      if let reason = world.brokenEnd() { throw failure(reason, at: state) }
      endCount += 1
    }
  }

  /// From every state an end can be reached: nobody waits for ever, or looks for ever.
  private mutating func checkThatAllCanEnd() throws {
    var canEnd = isEnd
    var changes = true
    while changes {
      changes = false
      var state = canEnd.count - 1
      while state >= 0 {
        if !canEnd[state] {
          var edge = firstEdge[state]
          while edge < firstEdge[state + 1] {
            if canEnd[Int(edges[Int(edge)])] {
              canEnd[state] = true
              changes = true
              break
            }
            edge += 1
          }
        }
        state -= 1
      }
    }
    if let state = canEnd.firstIndex(of: false) { throw failure("no end can be reached", at: state) }
  }

  // MARK: failures

  /// Replays how `state` was reached.
  private func failure(_ reason: String, at state: Int, _ actor: Int? = nil, _ choice: Int = 0) -> Failure {
    var path: [(state: Int, actor: Int, choice: Int)] = []
    if let actor { path.append((state, actor, choice)) }
    var current = state
    while current > 0 {
      let origin = origins[current]
      current = Int(origin.state)
      path.append((current, Int(origin.actor), Int(origin.choice)))
    }
    var replay = world
    var steps = path.reversed().map { step in
      replay.load(from: states[step.state])
      return "  \(replay.describe(step.actor))\(step.choice > 0 ? " (outcome \(step.choice))" : "")"
    }
    replay.load(from: states[state])
    steps.append("  then: \(replay.counts); wanted: \(replay.isWanted); jobs: \(replay.jobs)")
    for run in replay.runs { steps.append("  \(run)") }
    for actor in 0..<replay.actorCount { steps.append("  \(replay.describe(actor))") }
    return Failure(scenario: replay.scenario.name, reason: reason, steps: steps)
  }
}
