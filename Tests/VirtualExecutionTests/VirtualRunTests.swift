import DependencyScheduling
import StressScale
import Testing

@testable import VirtualExecution

@Suite(.timeLimit(.minutes(20)), .watched()) struct VirtualRunTests {
  static let widths = [2, 3, 4, 8, 32, 128]

  @Test func `the same seed replays the same run`() {
    for graph in VirtualGraphs.all {
      for seed in [1, 7] as [UInt64] {
        var first = VirtualExecutor(width: 8, seed: seed), second = VirtualExecutor(width: 8, seed: seed)
        let (one, other) = (first.sharedRun(of: graph), second.sharedRun(of: graph))
        #expect(one.outcome == other.outcome)
        #expect(one.units == other.units)
        #expect((0..<12).map { _ in first.run(graph) } == (0..<12).map { _ in second.run(graph) })
      }
    }
  }

  @Test(arguments: widths) func `every unit runs once, after its predecessors`(width: Int) {
    for graph in VirtualGraphs.all {
      for prices in [VirtualPrices(), .free] {
        var executor = VirtualExecutor(width: width, prices: prices, seed: UInt64(width))
        let units = executor.sharedRun(of: graph).units
        #expect(units.map(\.unit).sorted() == Array(0..<graph.unitCount))
        var runs = units
        for run in units { runs[run.unit] = run }
        for unit in 0..<graph.unitCount {
          for edge in graph.offsets[unit]..<graph.offsets[unit + 1] {
            let successor = runs[Int(graph.successors[edge])]
            if successor.start < runs[unit].end - 1e-3 {
              Issue.record("unit \(successor.unit) starts before unit \(unit) ends; width \(width)")
            }
          }
        }
      }
    }
  }

  @Test(arguments: widths) func `no worker runs two units at once`(width: Int) {
    for graph in VirtualGraphs.all {
      var executor = VirtualExecutor(width: width)
      var ends: [Int: Double] = [:]
      for run in executor.sharedRun(of: graph).units {
        #expect(run.start >= ends[run.worker, default: 0] - 1e-3)
        ends[run.worker] = run.end
      }
      #expect(ends.count <= width)
    }
  }

  @Test(arguments: [1] + widths) func `no run is faster than work divided by workers, nor than the span`(width: Int) {
    for graph in VirtualGraphs.all {
      for prices in [VirtualPrices(), .free] {
        var executor = VirtualExecutor(width: width, prices: prices)
        for _ in 0..<8 { #expect(executor.run(graph).time >= graph.bound(width: width) - 1e-3) }
        #expect(ListScheduling(width: width, prices: prices).time(of: graph) >= graph.bound(width: width) - 1e-3)
      }
    }
  }

  /// Graham, *Bounds on Multiprocessing Timing Anomalies*, 1969: where nobody idles while a unit is ready, a run takes
  /// at most 2 − 1 / width of the best. A worker that rests notices a unit up to `longestRest` later.
  @Test(arguments: widths) func `where all is free, a run takes at most twice the bound`(width: Int) {
    for graph in VirtualGraphs.all where graph.work / Double(graph.unitCount) >= 1_000 {
      var executor = VirtualExecutor(width: width, prices: .free)
      #expect(executor.sharedRun(of: graph).outcome.time <= 2 * graph.bound(width: width))
    }
  }

  @Test(arguments: widths) func `while a unit lies about and a seat is vacant, somebody searches or calls`(width: Int) {
    for (number, graph) in VirtualGraphs.all.enumerated() {
      for seed in 0..<4 as Range<UInt64> {
        for prices in [VirtualPrices(), .free] {
          let rules = seed < 2 ? VirtualRules() : .none
          let executor = VirtualExecutor(width: width, prices: prices, rules: rules)
          let run = VirtualRun(graph, executor, seed: seed, keepsHistory: false)
          var violation: String?
          func check(_ run: VirtualRun) { if !run.holdsInvariant, violation == nil { violation = "\(run)" } }
          run.play(check)
          run.settle(check)
          #expect(violation == nil, "graph \(number), width \(width), seed \(seed)")
          #expect(run.counts == SeatCounts(seats: width), "every seat is vacant again and nobody searches")
          #expect(run.attendance.seats == 0 && run.unfinished == 0)
        }
      }
    }
  }

  @Test(arguments: [1, 10, 100]) func `a run goes on where a lone worker has stopped`(position: Int) {
    for graph in VirtualGraphs.all where graph.unitCount > position {
      let run = VirtualRun(graph, VirtualExecutor(width: 4), seed: 5, after: position, keepsHistory: true)
      run.play()
      let done = graph.serialOrder[..<position].map(Int.init)
      #expect((done + run.history.map(\.unit)).sorted() == Array(0..<graph.unitCount))
    }
  }
}
