import Synchronization
import StressScale
import Testing
import VirtualExecution

@testable import DependencyScheduling

/// Groups of tasks of which a limited number run at once.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 20)) struct TaskGroupLimitTests {
  /// How many are inside, and the most that ever were. Those that can wait there stay until as many have met as are
  /// wanted, so that the most does not depend on how busy the machine is.
  final class Room: Sendable {
    private let inside = Atomic(0)
    private let most = Atomic(0)
    private let wanted = Atomic(1)

    /// From now on `count` are to meet.
    func want(_ count: Int) {
      most.store(0, ordering: .relaxed)
      wanted.store(count, ordering: .relaxed)
    }

    func enter() {
      let count = inside.add(1, ordering: .relaxed).newValue
      most.max(count, ordering: .relaxed)
    }

    func leave() { inside.subtract(1, ordering: .relaxed) }

    /// Waits until as many as are wanted have been inside at once.
    func meet() async throws {
      while mostInside < wanted.load(ordering: .relaxed) { try await Task.sleep(for: .microseconds(200)) }
    }

    /// The most that were inside at once since ``want(_:)``.
    var mostInside: Int { most.load(ordering: .relaxed) }
  }

  /// Tasks of a group that wait or spin in `room`, and others.
  private static func graph(limit: Int, _ count: Int, in room: Room) throws -> (TaskSchedule, TaskOutput<Int>) {
    var graph = TaskGraph()
    let group = try graph.group("narrow", limit: limit)
    var parts: [TaskOutput<Int>] = []
    for index in 0..<count {
      let free = graph.task("free \(index)") { index }
      let member =
        index % 4 == 0
        ? graph.task("spins \(index)", free, in: group) { free in
          room.enter()
          defer { room.leave() }
          spin(microseconds: 20)
          return free
        }
        : graph.task("waits \(index)", free, in: group) { free in
          room.enter()
          defer { room.leave() }
          try await room.meet()
          return free
        }
      parts.append(graph.task("after \(index)", member) { $0 })
    }
    let sum = graph.task("sum", graph.gather(parts)) { $0.reduce(0, +) }
    return (try graph.frozen(), sum)
  }

  @Test(arguments: [1, 2, 3], [1, 2, 4]) func `no more tasks of a group run at once than its limit`(
    limit: Int, width: Int
  ) async throws {
    let room = Room()
    let (tasks, sum) = try Self.graph(limit: limit, 100, in: room)
    let executor = try GraphExecutor(width: width)
    try await withWatchdog(executor: executor) {
      for _ in 0..<3 {
        room.want(limit)
        let awaited = try await tasks.run(on: executor)[sum]
        #expect(awaited == 4_950 && room.mostInside == limit)
        room.want(limit)
        let blocked = try await onItsOwnThread { try tasks.run(on: executor)[sum] }
        #expect(blocked == 4_950 && room.mostInside == limit)
      }
    }
    room.want(1)
    #expect(try await onItsOwnThread { try tasks.run(on: SeededExecutor(seed: 8))[sum] } == 4_950)
    #expect(room.mostInside == 1)
  }

  /// Runs several units at once, and knows nothing of units that suspend.
  struct Plain: ScheduleExecutor {
    let executor: GraphExecutor

    func run(_ schedule: Schedule, options: RunOptions, _ body: @Sendable (UnitID) throws -> Void) throws {
      try executor.run(schedule, options: options, body)
    }
  }

  @Test(arguments: [1, 3]) func `an executor that knows no better keeps a limit too`(limit: Int) throws {
    let room = Room()
    let (tasks, sum) = try Self.graph(limit: limit, 50, in: room)
    #expect(try tasks.run(on: Plain(executor: .sharing(width: 4)))[sum] == 1_225)
    #expect((1...limit).contains(room.mostInside))
  }

  @Test func `a limit is one run's`() async throws {
    let room = Room()
    var graph = TaskGraph()
    let group = try graph.group("one", limit: 1)
    graph.task("meet", in: group) {
      room.enter()
      try await room.meet()
      room.leave()
    }
    let tasks = try graph.frozen()
    let executor = try GraphExecutor(width: 1)
    room.want(2)
    try await withWatchdog(executor: executor) {
      async let first = tasks.run(on: executor)
      async let second = tasks.run(on: executor)
      _ = try await (first, second)
    }
    #expect(room.mostInside == 2)
  }

  @Test func `tasks that wait for their group hold up no others`() async throws {
    let done = Tally()
    var graph = TaskGraph()
    let group = try graph.group("one", limit: 1)
    // The first waits for all that are not of the group.
    graph.task("holds", in: group) {
      while done.value < 20 { try await Task.sleep(for: .milliseconds(1)) }
    }
    for index in 0..<20 {
      graph.addTask("waits \(index)", in: group) {}
      graph.addTask("free \(index)") { done.add() }
    }
    let tasks = try graph.frozen()
    for width in [1, 2] {
      let executor = try GraphExecutor(width: width)
      try await tasks.run(on: executor)
      try await onItsOwnThread { try tasks.run(on: executor) }
    }
    #expect(done.value == 80)
  }

  @Test(arguments: [1, 2]) func `a run that fails forgets the tasks that wait for their group`(
    width: Int
  ) async throws {
    struct Broken: Error {}
    var graph = TaskGraph()
    let group = try graph.group("one", limit: 1)
    for index in 0..<50 {
      graph.task("member \(index)", in: group) {
        try await Task.sleep(for: .microseconds(50))
        if index == 20 { throw Broken() }
      }
    }
    let tasks = try graph.frozen()
    let executor = try GraphExecutor(width: width)
    for _ in 0..<20 {
      await #expect(throws: TaskFailure.self) { try await tasks.run(on: executor) }
      _ = try await onItsOwnThread { #expect(throws: TaskFailure.self) { try tasks.run(on: executor) } }
    }
  }

  @Test(arguments: [0, -1, .min]) func `a limit that lets nothing run is a typed error`(limit: Int) {
    var graph = TaskGraph()
    let error = #expect(throws: InvalidGroupLimit.self) { try graph.group("disk", limit: limit) }
    #expect(error?.description == "at least 1 task of group \"disk\" must be allowed to run, got \(limit)")
  }
}
