import DependencyScheduling
import Foundation
import StressScale
import Testing

/// What watches runs says no: of each edge that was not kept, of each unit that ran twice or not, of a run that hangs.
@Suite(.timeLimit(.minutes(20)), .watched()) struct WitnessTests {
  /// 0 → 1, 2 → 3 → 4, and 5 by itself.
  private static let edges: [(UInt32, UInt32)] = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)]

  private func witness() throws -> OrderWitness {
    OrderWitness(try Schedule(unitCount: 6, dependencies: Self.edges))
  }

  private func visit(_ witness: OrderWitness, _ order: [UInt32], run: Int = 1) {
    for unit in order { witness.visit(UnitID(unit), run: run) }
  }

  @Test func `an order is seen to be kept where every edge is, run after run`() throws {
    let witness = try witness()
    for (number, order) in ([[0, 1, 2, 3, 4, 5], [5, 0, 2, 1, 3, 4], [0, 2, 5, 1, 3, 4]] as [[UInt32]]).enumerated() {
      #expect(!witness.sawCompleteRun(number + 1))
      visit(witness, order, run: number + 1)
      #expect(witness.sawOrder && witness.sawCompleteRun(number + 1))
      for unit in order.map({ UnitID($0) }) {
        #expect(witness.ran(unit, run: number + 1) && !witness.ran(unit, run: number))
      }
    }
  }

  @Test(arguments: 0..<5) func `each edge that is not kept is seen`(edge: Int) throws {
    let (from, to) = Self.edges[edge]
    // The two change places, and only what lies between them may be late with them.
    var order: [UInt32] = [0, 1, 2, 3, 4, 5]
    order.swapAt(Int(from), Int(to))
    for run in [1, 2] {
      let witness = try witness()
      if run == 2 { visit(witness, [0, 1, 2, 3, 4, 5], run: 1) }  // marks of the run before count for nothing
      visit(witness, order, run: run)
      #expect(!witness.sawOrder && !witness.sawCompleteRun(run))
    }
  }

  @Test(arguments: 0..<6) func `a unit that runs twice, or not at all, is seen`(unit: Int) throws {
    let (twice, never) = (try witness(), try witness())
    let order: [UInt32] = [0, 1, 2, 3, 4, 5]
    visit(twice, order + [UInt32(unit)])
    #expect(!twice.sawOrder && !twice.sawCompleteRun(1))
    visit(never, order, run: 1)
    visit(never, order.filter { $0 != unit }, run: 2)
    #expect(!never.sawCompleteRun(2) && !never.ran(UnitID(UInt32(unit)), run: 2))
  }

  @Test func `a gauge remembers the most that were inside at once`() {
    let gauge = Gauge()
    #expect(gauge.most == 0)
    gauge.within { gauge.within { gauge.within {} } }
    gauge.within {}
    #expect(gauge.most == 3)
  }

  @Test func `a body that hangs ends the process, which says where, and one that ends does not`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let executor = try GraphExecutor(width: 2)
      // Longer than the watchdog waits, and not for ever.
      withWatchdog(seconds: 0.02, executor: executor) { _ = sleep(60) }
      exit(EXIT_SUCCESS)
    }
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains("DependencySchedulingTests/WitnessTests.swift:"), "\(said)")
    #expect(withWatchdog(seconds: 0.02, executor: nil) { 7 } == 7)
    #expect(await withWatchdog(seconds: 0.02, executor: nil) { () async -> Int in 8 } == 8)
  }
}
