import DependencyScheduling
import SchedulingWorkloads
import Testing

/// What the peers' generator prints about each graph.
struct Facts: Sendable {
  var name: String
  var units: Int
  var edges: Int
  var roots: Int
  var sinks: Int
  var maximalDependencies: Int
  var longestPath: Int
  var hash: UInt64

  static let published = [
    Facts("S1", 1_048_576, 1_048_575, 1, 1, 1, 1_048_576, 0x80cb_3fb7_b744_7fec),
    Facts("S2", 1_048_575, 1_048_574, 1, 524_288, 1, 20, 0x2df8_4dee_c4bb_617c),
    Facts("S3b", 262_144, 654_901, 21_722, 1, 22, 1_579, 0xbc9f_2eb9_9520_456b),
    Facts("S3c", 262_144, 655_490, 74_926, 1, 33, 60, 0x8dda_5997_fae5_c9bc),
    Facts("S3M", 262_144, 652_942, 512, 512, 3, 512, 0x919b_b0cd_d65c_c244),
    Facts("S4", 262_144, 523_264, 1, 1, 2, 1_023, 0xe9ad_bb31_c4cb_97d1),
    Facts("S4r", 262_144, 523_264, 1, 1, 2, 1_023, 0x3b78_7ff2_5a7e_2f25),
    Facts("S5", 1_048_576, 0, 1_048_576, 1_048_576, 0, 1, 0xcbf2_9ce4_8422_2325),
    Facts("S6", 4_096, 8_064, 1, 1, 2, 127, 0x0553_327f_28c0_3ef1),
  ]

  init(
    _ name: String, _ units: Int, _ edges: Int, _ roots: Int, _ sinks: Int, _ maximalDependencies: Int,
    _ longestPath: Int, _ hash: UInt64
  ) {
    (self.name, self.units, self.edges, self.roots, self.sinks) = (name, units, edges, roots, sinks)
    (self.maximalDependencies, self.longestPath, self.hash) = (maximalDependencies, longestPath, hash)
  }
}

@Suite struct WorkloadFactsTests {
  @Test(arguments: Facts.published) func `a workload is the peers' workload, edge for edge`(facts: Facts) throws {
    let graph = try #require(Workload(named: facts.name)).graph
    let schedule = graph.makeSchedule()
    let units = (0..<schedule.unitCount).map { UnitID(UInt32($0)) }
    #expect(schedule.unitCount == facts.units)
    #expect(schedule.edgeCount == facts.edges)
    #expect(schedule.roots.count == facts.roots)
    #expect(units.count { schedule.successors(of: $0).isEmpty } == facts.sinks)
    #expect(units.map { schedule.dependencyCount(of: $0) }.max() == facts.maximalDependencies)

    var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a over from and to, each as four little-endian bytes
    var depth = [Int](repeating: 1, count: graph.unitCount)
    graph.forEachEdge { from, to in
      depth[Int(to)] = max(depth[Int(to)], depth[Int(from)] + 1)
      for end in [from, to] {
        for shift in stride(from: 0, to: 32, by: 8) { hash = (hash ^ UInt64(end >> shift & 255)) &* 0x100_0000_01b3 }
      }
    }
    #expect(hash == facts.hash)
    #expect(depth.max() == facts.longestPath)
  }

  @Test func `the generator is the peers' generator`() {
    var random = SeededGenerator(seed: 42)
    let expected: [UInt64] = [
      13_679_457_532_755_275_413, 2_949_826_092_126_892_291, 5_139_283_748_462_763_858, 6_349_198_060_258_255_764,
    ]
    let drawn = expected.map { _ in random.next() }
    #expect(drawn == expected)
  }

  @Test func `the relaxation sums to the peers' checksum at any width`() throws {
    for width in [1, 2, 4] {
      let workload = try #require(Workload(named: "S6"))
      try GraphExecutor(width: width).run(workload.graph.makeSchedule(), workload.body)
      #expect(workload.checksum() == 9890.4501871784159)
    }
  }

  /// The workload with everything checked, run by `run` at one and at two workers.
  private func check(_ name: String, _ run: (Workload, GraphExecutor) throws -> Void) throws {
    for width in [1, 2] {
      let workload = try #require(Workload(named: name)).checked()
      try run(workload, GraphExecutor(width: width))
      #expect(workload.holds(1), "width \(width)")
    }
  }

  @Test(arguments: Workload.names) func `a workload keeps the order and leaves what it should`(name: String) throws {
    try check(name) { try $1.run($0.graph.scheduleFromEdges(), $0.body) }
  }

  @Test(arguments: Workload.names) func `a grouped workload keeps the order and leaves what it should`(name: String)
    throws
  {
    try check(name) { try $0.graph.makeSchedule().grouped().run(on: $1, $0.body) }
  }

  @Test(arguments: Workload.names) func `a schedule from single edges is the one from compressed edges`(name: String)
    throws
  {
    let graph = try #require(Workload(named: name)).graph
    let compressed = graph.makeSchedule(), sorted = try graph.scheduleFromEdges()
    #expect(sorted.unitCount == compressed.unitCount)
    #expect(
      (0..<UInt32(graph.unitCount)).allSatisfy {
        sorted.successors(of: UnitID($0)).elementsEqual(compressed.successors(of: UnitID($0)))
      })
  }

  /// Work divided by span: for how many workers there is something to do.
  @Test(arguments: [("S3a", 700), ("S6", 20_000)] as [(String, Float)])
  func `groups made from costs leave enough to do at once`(name: String, cost: Float) throws {
    let schedule = try #require(Workload(named: name)).graph.groupedFromEdges(cost: cost).schedule
    #expect(try #require(schedule.estimatedWork) > 20 * #require(schedule.estimatedSpan))
  }
}
