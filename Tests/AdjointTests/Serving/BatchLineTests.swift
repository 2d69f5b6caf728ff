import Testing

@testable import Adjoint

/// When batches close and who is in them, over all orders of few events.
@Suite(.timeLimit(.minutes(20))) struct BatchLineTests {
  private typealias Line = BatchLine<Int>

  /// A line, what is known of it from outside, and what the world does next.
  private struct World {
    var line: Line
    var now: Int64 = 0
    var asked = 0
    /// Those who wait, with when they came.
    var waiting: [(row: Int, arrival: Int64)] = []
    var running = 0
    var isStopped = false
    /// When timers go off that were asked for.
    var timers: [Int64] = []
    var served: Set<Int> = []
    var left: Set<Int> = []

    init(_ line: Line) { self.line = line }
  }

  private enum Event {
    case ask, pass(Int64), ended, leave(Int), stop
  }

  private func events(_ world: World) -> [Event] {
    var events: [Event] = [.ask, .pass(1), .pass(3)]
    if world.running > 0 { events.append(.ended) }
    if let first = world.waiting.first { events.append(.leave(first.row)) }
    if world.waiting.count > 1 { events.append(.leave(world.waiting[1].row)) }
    if world.served.contains(0) { events.append(.leave(0)) }
    if !world.isStopped { events.append(.stop) }
    return events
  }

  /// Batches of at most 2 or 3, patience of 2, room for 3 to wait, one or two runs at once.
  @Test(arguments: [2, 3], [1, 2])
  func `all orders of few events close batches by size and patience, and serve each once`(most: Int, runs: Int) {
    let patience: Int64 = 2, queueLimit = 3
    var paths = 0
    func walk(_ world: World, depth: Int) {
      paths += 1
      if depth == 0 { return drain(world) }
      for event in events(world) {
        var world = world
        apply(event, to: &world, patience)
        walk(world, depth: depth - 1)
      }
    }
    walk(
      World(Line(most: most, patience: patience, queueLimit: queueLimit, runLimit: runs)), depth: 6)
    #expect(paths > 5_000)
  }

  private func apply(_ event: Event, to world: inout World, _ patience: Int64) {
    switch event {
    case .ask:
      let row = world.asked
      world.asked += 1
      do throws(ServingError) {
        let orders = try world.line.ask(row, Ticket(number: UInt64(row)), now: world.now)
        expect(!world.isStopped && world.waiting.count < world.line.queueLimit, "one who should be refused is not")
        world.waiting.append((row, world.now))
        carryOut(orders, in: &world, patience)
      } catch {
        expect(error == (world.isStopped ? .stopped : .overloaded), "\(error)")
        expect(world.isStopped || world.waiting.count == world.line.queueLimit, "refused without need")
        world.left.insert(row)
      }
    case .pass(let time):
      // Timers go off in their order, at their times.
      let end = world.now + time
      while let next = world.timers.filter({ $0 <= end }).min() {
        world.timers.remove(at: world.timers.firstIndex(of: next)!)
        world.now = max(world.now, next)
        carryOut(world.line.wake(now: world.now), in: &world, patience)
      }
      world.now = end
    case .ended:
      world.running -= 1
      carryOut(world.line.ended(now: world.now), in: &world, patience)
    case .leave(let row):
      world.line.leave(Ticket(number: UInt64(row)))
      if !world.served.contains(row) { world.left.insert(row) }
      world.waiting.removeAll { $0.row == row }
    case .stop:
      world.isStopped = true
      carryOut(world.line.stop(now: world.now), in: &world, patience)
    }
    world.line._checkInvariants()
    expect(world.line.waiting == world.waiting.count && world.line.running == world.running, "counts")
    expect(world.line.isDone == (world.isStopped && world.waiting.isEmpty && world.running == 0), "done")
    // Nobody waits longer than the patience while there is room for a run.
    if let leader = world.waiting.first, world.running < world.line.runLimit {
      expect(world.now - leader.arrival < patience && !world.isStopped, "somebody waits too long")
      expect(world.timers.contains { $0 <= leader.arrival + patience }, "nobody wakes those who wait")
      expect(world.timers.count <= 1, "too many timers")
    }
  }

  private func carryOut(_ orders: Line.Orders, in world: inout World, _ patience: Int64) {
    for batch in orders.batches {
      let rows = batch.map(\.row)
      expect(rows == world.waiting.prefix(rows.count).map(\.row), "not those who came first")
      expect(!rows.isEmpty && rows.count <= world.line.most, "a batch of \(rows.count)")
      expect(rows.count == min(world.line.most, world.waiting.count), "somebody was left out")
      expect(
        rows.count == world.line.most || world.isStopped || world.now - world.waiting[0].arrival >= patience,
        "closed too early")
      world.waiting.removeFirst(rows.count)
      for row in rows { expect(world.served.insert(row).inserted && !world.left.contains(row), "served twice") }
      world.running += 1
    }
    expect(world.running <= world.line.runLimit, "too many runs")
    if let after = orders.wakeAfter { world.timers.append(world.now + after) }
  }

  /// Lets time pass and runs end: everybody who has not left is served.
  private func drain(_ world: World) {
    var world = world
    for _ in 0..<10 {
      apply(.pass(5), to: &world, 2)
      if world.running > 0 { apply(.ended, to: &world, 2) }
    }
    expect(world.waiting.isEmpty && world.running == 0, "somebody waits for ever")
    expect(world.served.union(world.left) == Set(0..<world.asked), "somebody was forgotten")
  }

  /// Cheaper than an expectation where it holds, millions of times.
  private func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { Issue.record(Comment(rawValue: message())) }
  }
}
