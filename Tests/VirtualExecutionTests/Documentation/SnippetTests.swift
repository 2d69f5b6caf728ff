import DependencyScheduling
import DocumentedCode
import Synchronization
import Testing
import VirtualExecution

/// The code in the comments of VirtualExecution, compiled and run.
@Suite(.timeLimit(.minutes(20))) struct SnippetTests {
  @Test(arguments: DocumentedCode.sources(of: "VirtualExecution"))
  func `every paragraph of Swift in a comment is compiled beside this file`(file: String) throws {
    let blocks = try DocumentedCode.commentBlocks(of: file)
    #expect(try CompiledCode(beside: #filePath).missingCode(of: blocks) == [])
    #expect(blocks.flatMap(\.gaps) == [])
  }

  @Test func `a schedule is run in a thousand orders`() throws {
    let schedule = try Schedule(unitCount: 3, dependencies: [(0, 2), (1, 2)])
    var orders: Set<[UInt32]> = []
    func checkOrder(of schedule: Schedule, on executor: SeededExecutor) throws {
      let order = Mutex<[UInt32]>([])
      try executor.run(schedule) { unit in order.withLock { $0.append(unit.index) } }
      orders.insert(order.withLock { $0 })
    }
    for seed in UInt64(0)..<1_000 { try checkOrder(of: schedule, on: SeededExecutor(seed: seed)) }
    #expect(orders == [[0, 1, 2], [1, 0, 2]])
  }

  @Test func `a run of 128 workers takes at least its bound`() throws {
    let schedule = try Schedule(unitCount: 3, dependencies: [(0, 2), (1, 2)], costs: [1_000, 1_000, 1_000])
    let graph = VirtualGraph(schedule)  // whose units have costs
    var executor = VirtualExecutor(width: 128)
    print(executor.settledRun(of: graph).time, graph.bound(width: 128))
    #expect(executor.settledRun(of: graph).time >= graph.bound(width: 128))
  }
}
