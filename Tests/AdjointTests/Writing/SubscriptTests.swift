import Adjoint
import Testing

/// Places of axes by subscripts, against plain loops over Swift arrays.
@Suite(.timeLimit(.minutes(20))) struct SubscriptTests {
  /// Of shape [3, 4, 2]: the element at (i, j, k) is 100 i + 10 j + k.
  private static let shape: Shape = [3, 4, 2]
  private static func number(_ i: Int, _ j: Int, _ k: Int) -> Float { Float(100 * i + 10 * j + k) }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shape: Shape
    let places: (rows: [Int], columns: [Int], last: [Int])
    let of: @Sendable (Node) -> Node

    init(
      _ name: String, _ shape: Shape, _ rows: [Int], _ columns: [Int], _ last: [Int],
      _ of: @escaping @Sendable (Node) -> Node
    ) {
      (testDescription, self.shape, places, self.of) = (name, shape, (rows, columns, last), of)
    }
  }

  static let cases = [
    Case("x[0]", [4, 2], [0], [0, 1, 2, 3], [0, 1]) { $0[0] },
    Case("x[-1]", [4, 2], [2], [0, 1, 2, 3], [0, 1]) { $0[-1] },
    Case("x[1, 2, 1]", [], [1], [2], [1]) { $0[1, 2, 1] },
    Case("x[1..<3, 0]", [2, 2], [1, 2], [0], [0, 1]) { $0[1..<3, 0] },
    Case("x[..., 1]", [3, 4], [0, 1, 2], [0, 1, 2, 3], [1]) { $0[..., 1] },
    Case("x[..., 1..<3, 0]", [3, 2], [0, 1, 2], [1, 2], [0]) { $0[..., 1..<3, 0] },
    Case("x[...]", [3, 4, 2], [0, 1, 2], [0, 1, 2, 3], [0, 1]) { $0[...] },
    Case("x[1...]", [2, 4, 2], [1, 2], [0, 1, 2, 3], [0, 1]) { $0[1...] },
    Case("x[0..., (-2)...]", [3, 2, 2], [0, 1, 2], [2, 3], [0, 1]) { $0[0..., (-2)...] },
    Case("x[..<2, ..<(-1)]", [2, 3, 2], [0, 1], [0, 1, 2], [0, 1]) { $0[..<2, ..<(-1)] },
    Case("x[...1, 1...2]", [2, 2, 2], [0, 1], [1, 2], [0, 1]) { $0[...1, 1...2] },
    Case("x[(-2)...(-1), -3..<(-1)]", [2, 2, 2], [1, 2], [1, 2], [0, 1]) { $0[(-2)...(-1), -3..<(-1)] },
  ]

  @Test(arguments: cases) func `a subscript takes what it says, and the gradient goes there`(kase: Case) throws {
    let graph = Graph()
    let x = graph.input("x", Self.shape)
    let y = kase.of(x)
    #expect(y.shape == kase.shape)
    let session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y]).makeSession()
    let all = (0..<3).flatMap { i in (0..<4).flatMap { j in (0..<2).map { k in (i, j, k) } } }
    try session.write(all.map { Self.number($0.0, $0.1, $0.2) }, to: x)
    try session.step()
    let (rows, columns, last) = kase.places
    let taken = rows.flatMap { i in columns.flatMap { j in last.map { Self.number(i, j, $0) } } }
    #expect(try session.read(y, as: Float.self) == taken)
    let slopes = all.map { rows.contains($0.0) && columns.contains($0.1) && last.contains($0.2) ? 1 : 0 as Float }
    #expect(try session.gradient(of: x, as: Float.self) == slopes)
  }

  @Test func `places that are not there are refused with what was written, the shape and the line`() {
    let graph = Graph()
    let x = graph.input("x", [3, 2])
    let line: UInt = #line + 1
    let nodes = [x[3], x[-4], x[0, 1, 0], x[..., 0, 0, 0], x[1..<1], x[2...5], x[-2..<0], x[..., 0..<3]]
    let reasons = [
      "axis 0 of shape [3, 2] has no places 3", "has no places -4", "[0, 1, 0] is of more axes than shape [3, 2] has",
      "[0, 0, 0] is of more axes", "has no places 1..<1", "has no places 2...5", "has no places -2..<0",
      "axis 1 of shape [3, 2] has no places 0..<3",
    ]
    for (node, reason) in zip(nodes, reasons) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      #expect(error?.description.contains("SubscriptTests.swift:\(line)") == true)
      #expect(error?.description.contains("operand x [3, 2] float32") == true)
    }
    let largest = #expect(throws: GraphError.self) { try Program(x[...Int.max] + x[Int.min...]) }
    #expect(largest?.description.contains("has no places") == true)
  }
}
