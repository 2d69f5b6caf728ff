import Adjoint
import AdjointTesting
import AdjointTraining
import Foundation
import Testing

/// Attention with several heads against loops over its definition.
@Suite(.timeLimit(.minutes(20))) struct AttentionLayerTests {
  private static let batch = 2, time = 3, rows = 4, width = 4, heads = 2

  /// Matrices and biases of the four dense layers, in the order in which they are made.
  private struct Weights {
    let matrices: [[Double]], biases: [[Double]]
    init(_ graph: Graph, _ given: [Node: ReferenceTensor]) {
      matrices = graph.parameters.filter { $0.shape.rank == 2 }.map { given[$0]!.values }
      biases = graph.parameters.filter { $0.shape.rank == 1 }.map { given[$0]!.values }
    }
  }

  private func dense(_ row: ArraySlice<Double>, _ matrix: [Double], _ bias: [Double]) -> [Double] {
    bias.indices.map { column in
      zip(row, row.indices).reduce(bias[column]) {
        $0 + $1.0 * matrix[($1.1 - row.startIndex) * bias.count + column]
      }
    }
  }

  private func attention(
    _ x: [Double], _ memory: [Double], memoryWidth: Int, rows: Int, _ weights: Weights,
    isReadable: (_ batch: Int, _ head: Int, _ row: Int, _ column: Int) -> Bool
  ) -> [Double] {
    let depth = Self.width / Self.heads
    return (0..<Self.batch).flatMap { batch -> [Double] in
      let readers = (0..<Self.time).map { x[((batch * Self.time + $0) * Self.width)...].prefix(Self.width) }
      let read = (0..<rows).map { memory[((batch * rows + $0) * memoryWidth)...].prefix(memoryWidth) }
      let queries = readers.map { dense($0, weights.matrices[0], weights.biases[0]) }
      let keys = read.map { dense($0, weights.matrices[1], weights.biases[1]) }
      let values = read.map { dense($0, weights.matrices[2], weights.biases[2]) }
      return (0..<Self.time).flatMap { row -> [Double] in
        let mixed = (0..<Self.heads).flatMap { head -> [Double] in
          let columns = head * depth..<(head + 1) * depth
          let powers = (0..<rows).map { column -> Double in
            guard isReadable(batch, head, row, column) else { return 0 }
            return exp(columns.reduce(0) { $0 + queries[row][$1] * keys[column][$1] } / Double(depth).squareRoot())
          }
          let total = max(powers.reduce(0, +), 1e-300)
          return columns.map { place in
            (0..<rows).reduce(0) { $0 + powers[$1] / total * values[$1][place] }
          }
        }
        return dense(mixed[...], weights.matrices[3], weights.biases[3])
      }
    }
  }

  @Test(arguments: [false, true])
  func `a sequence that reads itself follows the definition`(isCausal: Bool) throws {
    let graph = Graph()
    let x = graph.input("x", [Self.batch, Self.time, Self.width], .float64)
    let y = multiHeadAttention(x, "self", heads: Self.heads, isCausal: isCausal)
    #expect(y.shape == x.shape)
    #expect(
      graph.parameters.map(\.name)
        == ["queries", "keys", "values", "output"].flatMap { ["self/\($0)/weights", "self/\($0)/bias"] })
    var given = spreadParameters(of: graph)
    given[x] = wave(x.shape)
    let wanted = attention(
      given[x]!.values, given[x]!.values, memoryWidth: Self.width, rows: Self.time, Weights(graph, given)
    ) { _, _, row, column in !isCausal || column <= row }
    expectEqual(try values(of: [y], at: given)[0], wanted, within: 1e-13)
    try checkGradients(y, withRespectTo: graph.parameters + [x], at: given)
  }

  @Test(arguments: [false, true])
  func `a masked memory is read where the mask says so, and a row that may read nothing gets the bias`(
    isCausal: Bool
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [Self.batch, Self.time, Self.width], .float64)
    let memory = graph.input("memory", [Self.batch, Self.rows, 3], .float64)
    // The first row of the second example may read nothing; causal, those before the first readable one neither.
    let mask: [Double] = [
      1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1,
      0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0,
    ]
    let isReadable = graph.constant(mask, [Self.batch, 1, Self.time, Self.rows])
    let y = multiHeadAttention(x, over: memory, "cross", heads: Self.heads, isCausal: isCausal, mask: isReadable)
    var given = spreadParameters(of: graph)
    (given[x], given[memory]) = (wave(x.shape), wave(memory.shape, phase: 5))
    let wanted = attention(
      given[x]!.values, given[memory]!.values, memoryWidth: 3, rows: Self.rows, Weights(graph, given)
    ) { batch, _, row, column in
      mask[(batch * Self.time + row) * Self.rows + column] == 1 && (!isCausal || column <= row)
    }
    expectEqual(try values(of: [y], at: given)[0], wanted, within: 1e-13)
    try checkGradients(y, withRespectTo: graph.parameters + [x, memory], at: given)
  }

  @Test func `operands that do not go together are errors of the caller's line`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3, 4]), other = Graph().input("other", [2, 3, 4])
    expectRefusal(multiHeadAttention(x, "odd", heads: 3), "the width of [2, 3, 4] is not divisible among 3 heads")
    expectRefusal(multiHeadAttention(x, "none", heads: 0), "divisible among 0 heads")
    expectRefusal(multiHeadAttention(graph.input("flat", [3, 4]), "flat", heads: 2), "got [3, 4] and [3, 4]")
    expectRefusal(multiHeadAttention(x, over: graph.input("few", [1, 3, 4]), "few", heads: 2), "and [1, 3, 4]")
    expectRefusal(
      multiHeadAttention(x, "mask", heads: 2, mask: graph.input("mask", [3, 3, 3])), "one of shape [3, 3, 3]", #line)
    expectRefusal(
      multiHeadAttention(x, "large", heads: 2, mask: graph.input("large", [5, 2, 2, 3, 3])), "[5, 2, 2, 3, 3]", #line)
    expectRefusal(multiHeadAttention(x, over: other, "other", heads: 2), "belongs to another graph")
  }
}
