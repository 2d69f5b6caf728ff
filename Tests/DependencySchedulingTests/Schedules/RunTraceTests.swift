import Foundation
import StressScale
import Testing
import VirtualExecution

import Threads

@testable import DependencyScheduling

@Suite(.timeLimit(.minutes(20)), .watched()) struct RunTraceTests {
  /// 0 before 1 and 2, both before 3.
  private static let diamond = try! Schedule(unitCount: 4, dependencies: [(0, 1), (0, 2), (1, 3), (2, 3)])

  private static func random(_ seed: UInt64, units: Int) throws -> Schedule {
    var random = SeededGenerator(seed: seed)
    let edges = (1..<UInt32(units)).flatMap { unit in
      (0..<2).map { _ in (UInt32(random.index(below: Int(unit))), unit) }
    }
    let costs = (0..<units).map { _ in Float(random.index(below: 1_000)) }
    return try Schedule(unitCount: units, dependencies: edges, costs: costs)
  }

  @Test(arguments: [1, 2, 4])
  func `a trace has each unit once, after those it waits for, and on one worker one at a time`(width: Int) throws {
    let schedule = try Self.random(5, units: 300)
    let trace = try GraphExecutor.sharing(width: width).trace(schedule) { _ in }
    #expect(trace.units.map(\.id.index) == (0..<300).map { UInt32($0) })
    for unit in trace.units {
      #expect(0 <= unit.start && unit.start <= unit.end && unit.end <= trace.nanoseconds)
      for successor in schedule.successors(of: unit.id) {
        #expect(unit.end <= trace.units[Int(successor.index)].start)
      }
      #expect((0..<width).contains(unit.worker))
      #expect(trace.stays.contains { $0.worker == unit.worker && $0.start <= unit.start && unit.end <= $0.end })
    }
    for units in Dictionary(grouping: trace.units, by: \.worker).values {
      let inOrder = units.sorted { $0.start < $1.start }
      for (unit, next) in zip(inOrder, inOrder.dropFirst()) { #expect(unit.end <= next.start) }
    }
    #expect(trace.span <= trace.nanoseconds && trace.span <= trace.work)
    #expect(trace.wakeUps.helpers >= trace.workerCount - 1)
  }

  @Test(arguments: 0..<20)
  func `the longest chain is as long as the span, and a chain`(seed: UInt64) throws {
    let schedule = try Self.random(seed, units: 50)
    let costs = try #require(schedule.storage.estimates?.costs)
    let chain = schedule.longestChain { Int64(costs[Int($0.index)]) }
    #expect(chain.reduce(0) { $0 + costs[Int($1.index)] } == Float(try #require(schedule.estimatedSpan)))
    for (unit, next) in zip(chain, chain.dropFirst()) { #expect(schedule.successors(of: unit).contains(next)) }
  }

  @Test func `the slow branch is the critical path`() throws {
    let endOfFirst = Locked<Int64>(0)
    let trace = try GraphExecutor(width: 1).trace(Self.diamond) { unit in
      let now = MonotonicClock.now
      switch unit.index {
      case 0: endOfFirst.withLock { $0 = now }
      case 2:
        // Longer than unit 1 has taken, however long another program held the processor meanwhile.
        let end = now + 3_000_000 + (now - endOfFirst.withLock { $0 })
        while MonotonicClock.now < end {}
      default: break
      }
    }
    #expect(trace.criticalPath.map(\.index) == [0, 2, 3])
    #expect(trace.span >= 3_000_000)
    #expect(trace.parallelism < 2)
  }

  @Test func `any executor can be traced`() throws {
    let trace = try SeededExecutor(seed: 3).trace(Self.diamond) { _ in }
    #expect(trace.workerCount == 1 && trace.wakeUps == (0, 0))
    #expect(try GraphExecutor.shared.trace(Schedule(successorOffsets: [0], successors: [])) { _ in }.criticalPath == [])
  }

  @Test func `an error of a unit is the trace's, and the schedule can be run again`() throws {
    struct Refusal: Error {}
    #expect(throws: Refusal.self) {
      try GraphExecutor.shared.trace(Self.diamond) { unit in if unit.index == 1 { throw Refusal() } }
    }
    #expect(try GraphExecutor.shared.trace(Self.diamond) { _ in }.units.count == 4)
  }

  // MARK: what is written

  private struct Event: Decodable {
    let ph: String
    let tid: Int
    let name: String
    let ts: Double?, dur: Double?
    let id: Int?
    let args: [String: Argument]?
  }
  private enum Argument: Decodable {
    case number(Int), text(String), truth(Bool)
    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let number = try? value.decode(Int.self) {
        self = .number(number)
      } else if let truth = try? value.decode(Bool.self) {
        self = .truth(truth)
      } else {
        self = .text(try value.decode(String.self))
      }
    }
  }
  private struct File: Decodable { let traceEvents: [Event] }

  private static func events(_ trace: RunTrace) throws -> [Event] {
    try JSONDecoder().decode(File.self, from: Data(trace.perfettoJSON.utf8)).traceEvents
  }

  @Test func `JSON has a slice a unit, small thread numbers, and no time on metadata`() throws {
    let schedule = try Self.random(9, units: 40)
    let events = try Self.events(try GraphExecutor(width: 2).trace(schedule) { _ in })
    for event in events {
      #expect(Int32.max > event.tid && event.tid >= 0)
      #expect((event.ts == nil) == (event.ph == "M"))
      #expect((event.dur == nil) == (event.ph != "X"))
    }
    let slices = events.filter { $0.ph == "X" && $0.tid > 1 }
    #expect(Set(slices.map(\.name)) == Set((0..<40).map { "unit \($0)" }) && slices.count == 40)
  }

  @Test func `the critical path has a track of its own, and arrows between its units`() throws {
    let trace = try GraphExecutor(width: 1).trace(Self.diamond) { _ in }
    let events = try Self.events(trace)
    #expect(events.contains { $0.name == "thread_name" && $0.tid == 1 })
    let path = events.filter { $0.ph == "X" && $0.tid == 1 }
    #expect(path.map(\.name) == trace.criticalPath.map { "\($0)" })
    let starts = events.filter { $0.ph == "s" }.compactMap(\.id), ends = events.filter { $0.ph == "f" }.compactMap(\.id)
    #expect(starts == [1, 2] && ends == starts)
  }

  @Test func `names of any characters leave the JSON whole`() throws {
    let name = "a \"b\" \\ \n \u{1} é 漢 😀"
    var tasks = TaskGraph()
    tasks.addTask(name) {}
    let trace = try tasks.frozen().trace(on: try GraphExecutor(width: 1), name: name)
    let events = try Self.events(trace)
    #expect(events.contains { $0.ph == "X" && $0.name == name })
    guard case .text(let process) = try #require(events[0].args?["name"]) else { return #expect(Bool(false)) }
    #expect(process == name)
  }

  @Test func `the summary says how parallel the run was and where the time went`() throws {
    var tasks = TaskGraph()
    let first = tasks.addTask("read") {}
    for _ in 0..<3 {
      let next = tasks.addTask("parse") {}
      tasks.addDependency(of: next, on: first)
    }
    let trace = try tasks.frozen().trace(on: try GraphExecutor(width: 1), name: "import")
    let lines = trace.summary.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("import: ") && lines[0].hasSuffix(", 4 units on 1 worker"))
    #expect(lines[1].hasPrefix("work ") && lines[1].hasSuffix(" were"))
    #expect(lines[2].hasPrefix("worker 0: 4 units"))
    #expect(lines.contains("woken: 0 helpers, the caller 0 times"))
    #expect(lines.contains { $0.hasSuffix(" parse (3)") } && lines.contains { $0.hasSuffix(" read (1)") })
    #expect(trace.timeByKind.reduce(0) { $0 + $1.nanoseconds } == trace.work)
  }
}
