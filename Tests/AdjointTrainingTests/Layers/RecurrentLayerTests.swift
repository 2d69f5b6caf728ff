import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Recurrent cells, step by step and over time, against loops over their equations.
@Suite(.timeLimit(.minutes(20))) struct RecurrentLayerTests {
  private static let time = 4, rows = 3, inputs = 2, units = 2

  private func sigma(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

  /// The states of a gated recurrent unit after each step, time first.
  private func states(
    _ x: [Double], _ wx: [Double], _ wh: [Double], _ b: [Double], _ c: [Double], order: [Int]
  ) -> [[Double]] {
    var h = [Double](repeating: 0, count: Self.rows * Self.units)
    var result = [[Double]](repeating: [], count: Self.time)
    for time in order {
      let old = h
      for row in 0..<Self.rows {
        func read(_ column: Int) -> Double {
          (0..<Self.inputs).reduce(b[column]) {
            $0 + x[(time * Self.rows + row) * Self.inputs + $1] * wx[$1 * 3 * Self.units + column]
          }
        }
        func kept(_ column: Int) -> Double {
          (0..<Self.units).reduce(0) { $0 + old[row * Self.units + $1] * wh[$1 * 3 * Self.units + column] }
        }
        for unit in 0..<Self.units {
          let r = sigma(read(unit) + kept(unit)), z = sigma(read(Self.units + unit) + kept(Self.units + unit))
          let n = tanh(read(2 * Self.units + unit) + r * (kept(2 * Self.units + unit) + c[unit]))
          h[row * Self.units + unit] = (1 - z) * n + z * old[row * Self.units + unit]
        }
      }
      result[time] = h
    }
    return result
  }

  private func makeCell() -> (graph: Graph, cell: GRUCell, frames: Node) {
    let graph = Graph()
    let cell = GRUCell(in: graph, "reader", inputs: Self.inputs, units: Self.units, .float64)
    return (graph, cell, graph.input("x", [Self.time, Self.rows, Self.inputs], .float64))
  }

  @Test(arguments: [false, true])
  func `a gated recurrent unit follows its equations over time`(isReversed: Bool) throws {
    let (graph, cell, frames) = makeCell()
    #expect(
      graph.parameters.map(\.name) == [
        "reader/inputWeights", "reader/hiddenWeights", "reader/bias", "reader/hiddenBias",
      ])
    #expect(graph.parameters.map(\.shape) == [[2, 6], [2, 6], [6], [2]])
    let (outputs, last) = cell.scan(over: frames, isReversed: isReversed)
    #expect(outputs.shape == [4, 3, 2] && last.shape == [3, 2])
    var given = spreadParameters(of: graph)
    given[frames] = wave(frames.shape)
    let parts = graph.parameters.map { given[$0]!.values }
    let order = isReversed ? [3, 2, 1, 0] : [0, 1, 2, 3]
    let wanted = states(given[frames]!.values, parts[0], parts[1], parts[2], parts[3], order: order)
    let actual = try values(of: [outputs, last], at: given)
    expectEqual(actual[0], Array(wanted.joined()), within: 1e-14)  // numbers below 1, some twenty roundings a step
    expectEqual(actual[1], wanted[order[3]], within: 1e-14)
    try checkGradients(outputs, withRespectTo: graph.parameters + [frames], at: given)
  }

  @Test func `steps by themselves are those of the scan, from any state`() throws {
    let (graph, cell, frames) = makeCell()
    let start = graph.input("start", [3, 2], .float64)
    var state = start, states: [Node] = []
    for time in 0..<Self.time {
      state = cell(frames.sliced(time..<time + 1).reshaped([3, 2]), state)
      states.append(state)
    }
    let (outputs, last) = cell.scan(over: frames, from: start)
    var given = spreadParameters(of: graph)
    (given[frames], given[start]) = (wave(frames.shape), wave([3, 2], phase: 2))
    let actual = try values(of: states + [outputs, last], at: given)
    expectEqual(Array(actual[0..<4].joined()), actual[4], within: 1e-15)
    expectEqual(actual[3], actual[5], within: 1e-15)
  }

  @Test func `an LSTM's scan is its steps`() throws {
    let graph = Graph()
    let cell = LSTMCell(in: graph, "reader", inputs: 2, units: 2, .float64)
    let frames = graph.input("x", [4, 3, 2], .float64)
    var state = cell.initialState(rows: 3), states: [Node] = []
    for time in 0..<4 {
      state = cell(frames.sliced(time..<time + 1).reshaped([3, 2]), state)
      states.append(state.hidden)
    }
    let (outputs, last) = cell.scan(over: frames)
    var given = spreadParameters(of: graph)
    given[frames] = wave(frames.shape)
    let actual = try values(of: states + [state.cell, outputs, last.hidden, last.cell], at: given)
    expectEqual(Array(actual[0..<4].joined()), actual[5], within: 1e-15)
    expectEqual(actual[3], actual[6], within: 1e-15)
    expectEqual(actual[4], actual[7], within: 1e-15)
    try checkGradients(outputs, withRespectTo: graph.parameters, at: given)
  }

  @Test func `sizes that do not go together are errors of the caller's line`() throws {
    let (graph, cell, _) = makeCell()
    expectRefusal(cell(graph.input("wide", [3, 5], .float64), cell.initialState(rows: 3)), "inner extents differ")
    expectRefusal(cell.scan(over: graph.input("flat", [3, 2], .float64)).outputs, "frames have the axes")
    let frames = graph.input("frames", [4, 3, 2], .float64)
    expectRefusal(cell.scan(over: frames, from: cell.initialState(rows: 2)).state, "do not broadcast")
    let none = GRUCell(in: graph, "none", inputs: 2, units: 0); let line = #line
    expectRefusal(none(graph.input("x32", [3, 2]), none.initialState(rows: 3)), "an extent of 0", line)
    let lstm = LSTMCell(in: graph, "lstm", inputs: 2, units: 2)
    expectRefusal(lstm.scan(over: graph.input("flat32", [3, 2])).outputs, "frames have the axes")
  }
}
