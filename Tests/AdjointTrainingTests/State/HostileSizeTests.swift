import Adjoint
import AdjointTraining
import Testing

/// No size that a layer is given ends the process: what makes no sense is an error that names the layer's line.
@Suite(.timeLimit(.minutes(20))) struct HostileSizeTests {
  struct Size: Sendable, CustomTestStringConvertible {
    let name: String
    let node: @Sendable (_ x: Node, _ size: Int, _ line: UInt) -> Node
    var testDescription: String { name }

    init(_ name: String, _ node: @escaping @Sendable (_ x: Node, _ size: Int, _ line: UInt) -> Node) {
      (self.name, self.node) = (name, node)
    }
  }

  private static func images(_ x: Node) -> Node { x.graph.input("images", [2, 4, 4, 4]) }
  private static func stepped(_ cell: LSTMCell, _ x: Node, rows: Int = 2, _ line: UInt) -> Node {
    let first = cell(x, cell.initialState(rows: rows, line: line), line: line)
    let second = cell(x, first, line: line)
    return second.hidden + second.cell
  }

  static let sizes = [
    Size("dense") { dense($0, "a", to: $1, .glorotUniform(seed: 1), line: $2) },
    Size("embedding, count") { x, size, line in
      embedding(x.graph.input("rows", [3], .int32), "a", count: size, width: 2, .zeros, line: line)
    },
    Size("embedding, width") { x, size, line in
      embedding(x.graph.input("rows", [3], .int32), "a", count: 2, width: size, .zeros, line: line)
    },
    Size("convolution, filters") { convolution(images($0), "a", to: $1, kernel: 2, .heNormal(seed: 1), line: $2) },
    Size("convolution, kernel") { x, size, line in
      convolution(images(x), "a", to: 4, kernel: Extents2D(size, size), .heNormal(seed: 1), line: line)
    },
    Size("convolution, groups") { x, size, line in
      convolution(images(x), "a", to: 4, kernel: 2, groups: size, .zeros, line: line)
    },
    Size("cell, units") { x, size, line in
      stepped(LSTMCell(in: x.graph, "a", inputs: 4, units: size, seed: 1, line: line), x, line)
    },
    Size("cell, inputs") { x, size, line in
      stepped(LSTMCell(in: x.graph, "a", inputs: size, units: 3, seed: 1, line: line), x, line)
    },
    Size("cell, rows") { x, size, line in
      stepped(LSTMCell(in: x.graph, "a", inputs: 4, units: 3, seed: 1, line: line), x, rows: size, line)
    },
  ]

  @Test(arguments: sizes, [Int.min, -1, 0, 1 << 42, 1 << 48 + 1, 1 << 62, Int.max])
  func `a size that makes no sense is an error with the line`(size: Size, number: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [2, 4])
    let node = size.node(x, number, 7)
    let isPossible = number == 1 << 42 && ["dense", "embedding, count", "embedding, width"].contains(size.name)
    if isPossible {
      #expect(throws: Never.self) { try Program(node) }
    } else {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      let message = error?.description ?? "no error"
      #expect(error?.kind == .shapeMismatch)
      #expect(message.contains("HostileSizeTests.swift:7: "), "\(message)")
    }
    let session = try Program(square(x).sum(), gradientsFor: [x]).makeSession()
    try session.write([Float](repeating: 2, count: 8), to: x)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [Float](repeating: 4, count: 8))
  }
}
