import DependencyScheduling
import Testing

@testable import Adjoint

/// Chains that gather the rows they read, block by block.
@Suite(.timeLimit(.minutes(20))) struct GatherFusionTests {
  /// Errors of observations, each of which has its camera and its point.
  private struct Observations {
    let graph = Graph()
    let table: Node, points: Node, rows: Node, others: Node
    let result: Node

    init(count: Int = 50_000) {
      table = graph.input("table", [30, 3], .float64)
      points = graph.input("points", [70], .float64)
      rows = graph.input("rows", [count], .int32)
      others = graph.input("others", [count], .int32)
      let wide = table.gatheringRows(rows)
      let scaled = tanh(wide * 0.5) + wide * wide
      let narrow = points.gatheringRows(others)
      result = (scaled.sum(axes: [1]) * sin(narrow) - narrow * narrow).named("result")
    }

    func feed(_ session: Session) throws {
      try session.write((0..<90).map { Double($0 % 11) / 7 - 0.5 }, to: table)
      try session.write((0..<70).map { Double($0 % 13) / 5 - 1 }, to: points)
      try session.write((0..<rows.shape[0]).map { Int32($0 * 7 % 30) }, to: rows)
      try session.write((0..<rows.shape[0]).map { Int32($0 * 11 % 70) }, to: others)
    }
  }

  private func results(_ model: Observations, fuses: Bool, width: Int) throws -> [[Double]] {
    var options = Program.Options()
    options.fusesElementwise = fuses
    let program = try Program(
      model.result.sum(), gradientsFor: [model.table, model.points], alsoComputing: [model.result], options: options)
    let session = program.makeSession(on: try GraphExecutor(width: width))
    try model.feed(session)
    try session.step()
    return try [
      session.read(model.result, as: Double.self), session.gradient(of: model.table, as: Double.self),
      session.gradient(of: model.points, as: Double.self),
    ]
  }

  @Test func `no bit depends on whether rows are gathered by their chain, and on the width`() throws {
    let model = Observations()
    let expected = try results(model, fuses: false, width: 1)
    for (fuses, width) in [(true, 1), (true, 2), (true, 5), (false, 3)] {
      #expect(try results(model, fuses: fuses, width: width) == expected, "fused: \(fuses), width \(width)")
    }
  }

  @Test func `rows that only their chain reads have no memory`() throws {
    let program = try Program(Observations().result)
    #expect(program.plan.calls.allSatisfy { !($0 is GatherRowsCall) })
    // What remains is the sum of three columns.
    #expect(program.plan.slots.map(\.byteCount) == [50_000 * 8])
  }

  @Test(arguments: [1, 2, 600])
  func `rows can be summed without anything done to them`(columns: Int) throws {
    let graph = Graph()
    let table = graph.input("table", [3, columns]), rows = graph.input("rows", [4], .int32)
    let picked = table.gatheringRows(rows)
    let sums = picked.sum(axes: [1])
    let session = try Program([sums, picked.sum()]).makeSession()
    try session.write((0..<3 * columns).map { Float($0 / columns) }, to: table)
    try session.write([2, 0, 1, 2] as [Int32], to: rows)
    try session.forward()
    #expect(try session.read(sums, as: Float.self) == [2, 0, 1, 2].map { Float($0 * columns) })
  }

  @Test func `rows of a small table are gathered by every chain that reads them, others are stored once`() throws {
    for (rowCount, isGathered) in [(20, true), (900, false)] {
      let graph = Graph()
      let table = graph.input("table", [rowCount]), rows = graph.input("rows", [1000], .int32)
      let picked = table.gatheringRows(rows)
      // The product parts the two chains.
      let first = exp(picked) * 2
      let second = first.reshaped([10, 100]).matmul(graph.constant(1, [100, 100])).reshaped([1000]) - picked
      let program = try Program(second)
      let gathers = program.plan.calls.count { $0 is GatherRowsCall }
      #expect(gathers == (isGathered ? 0 : 1))
      let session = program.makeSession()
      try session.write((0..<rowCount).map { Float($0) / 1000 }, to: table)
      try session.write((0..<1000).map { Int32($0 * 7 % rowCount) }, to: rows)
      try session.forward()
      var options = Program.Options()
      options.fusesElementwise = false
      let plain = try Program(second, options: options).makeSession()
      try plain.write((0..<rowCount).map { Float($0) / 1000 }, to: table)
      try plain.write((0..<1000).map { Int32($0 * 7 % rowCount) }, to: rows)
      try plain.forward()
      #expect(try session.read(second, as: Float.self) == plain.read(second, as: Float.self))
    }
  }

  @Test(arguments: [1, 2], [false, true])
  func `an index out of range names the gather, the index and the line`(width: Int, looks: Bool) throws {
    let graph = Graph()
    let table = graph.input("table", [9], .float64), rows = graph.input("rows", [40_000], .int32)
    let first = table.gatheringRows(rows); let line = #line
    let session = try Program(exp(first) * 2 - square(first)).makeSession(on: GraphExecutor(width: width))
    var indices = (0..<40_000).map { Int32($0 % 9) }
    indices[30_000] = -4
    try session.write([Double](repeating: 0.5, count: 9), to: table)
    try session.write(indices, to: rows)
    let error = #expect(throws: SessionError.self) {
      if looks { _ = try session.firstNonFinite() } else { try session.forward() }
    }
    let message = error.map { "\($0)" } ?? ""
    #expect(message.contains("the gate gatherRows of gatherRows#"))
    #expect(message.contains("GatherFusionTests.swift:\(line)"))
    #expect(message.contains("index -4 at position 30000 is not in 0..<9"))
    indices[30_000] = 8
    try session.write(indices, to: rows)
    try session.forward()
  }
}
