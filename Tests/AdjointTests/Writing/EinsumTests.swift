import Adjoint
import AdjointTesting
import Testing

/// Sums of products in Einstein's notation, against one loop over all letters.
@Suite(.timeLimit(.minutes(20))) struct EinsumTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let formula: String
    let shapes: [Shape]
    var testDescription: String { formula }

    init(_ formula: String, _ shapes: Shape...) { (self.formula, self.shapes) = (formula, shapes) }

    private var sides: [Substring] {
      formula.replacing(" ", with: "").split(separator: "->", omittingEmptySubsequences: false)
    }
    var operands: [[Character]] { sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init) }
    var result: [Character] { Array(sides[1]) }
  }

  static let cases = [
    Case("ij,jk->ik", [2, 3], [3, 4]), Case("bij,bjk->bik", [2, 3, 4], [2, 4, 2]),
    Case("bhqd, bhkd -> bhqk", [2, 2, 3, 4], [2, 2, 2, 4]), Case("bij,jk->bik", [2, 3, 4], [4, 2]),
    Case("ji,kj->ki", [3, 2], [4, 3]), Case("i,i->", [4], [4]), Case("i,j->ij", [2], [3]),
    Case("i,j->ji", [2], [3]), Case("bi,bj->bij", [2, 3], [2, 4]), Case("ij->ji", [2, 3]), Case("ij->", [2, 3]),
    Case("ij->j", [2, 3]), Case("ii->i", [3, 3]), Case("ii->", [3, 3]), Case("iji->ij", [2, 3, 2]),
    Case("iii->i", [2, 2, 2]), Case("ij,jk,kl->il", [2, 3], [3, 4], [4, 2]), Case("a,b,c->cab", [2], [3], [2]),
    Case("ij,ij->ij", [2, 3], [2, 3]), Case("ijk,jil->kl", [2, 3, 4], [3, 2, 2]),
    Case("bi,ij,bj->b", [2, 3], [3, 4], [2, 4]),
    Case("ij,k->ij", [2, 3], [4]), Case(",i->i", [], [3]), Case("Aa,aA->", [2, 3], [3, 2]), Case("i->i", [3]),
    Case("ibj,jbk->kib", [2, 3, 4], [4, 3, 2]),
  ]

  /// The sum over every letter that the result has not, for each place of the result.
  private func definition(_ kase: Case, _ operands: [ReferenceTensor]) -> [Double] {
    var extents: [Character: Int] = [:]
    for (letters, shape) in zip(kase.operands, kase.shapes) {
      for (letter, extent) in zip(letters, shape.dimensions) { extents[letter] = extent }
    }
    let inner = extents.keys.filter { !kase.result.contains($0) }.sorted()
    func places(_ letters: [Character]) -> [[Character: Int]] {
      letters.reduce([[:]]) { all, letter in
        all.flatMap { place in (0..<extents[letter]!).map { place.merging([letter: $0]) { $1 } } }
      }
    }
    return places(kase.result).map { outer in
      places(inner).reduce(0) { sum, place in
        let all = outer.merging(place) { $1 }
        return sum + zip(operands, kase.operands).reduce(1) { $0 * $1.0[$1.1.map { all[$0]! }] }
      }
    }
  }

  private func random(_ shape: Shape, _ seed: Int) -> ReferenceTensor {
    // Seeded numbers between -1 and 1.
    ReferenceTensor(
      shape, .float64, (0..<shape.elementCount).map { Double(($0 * 7919 + seed * 104_729) % 1009) / 505 - 1 })
  }

  @Test(arguments: cases) func `a value is the sum of products, and gradients are those of finite differences`(
    kase: Case
  ) throws {
    let graph = Graph()
    let inputs = kase.shapes.enumerated().map { graph.input("x\($0)", $1, .float64) }
    let y: Node =
      switch inputs.count {
      case 1: einsum(kase.formula, inputs[0])
      case 2: einsum(kase.formula, inputs[0], inputs[1])
      default: einsum(kase.formula, inputs[0], inputs[1], inputs[2])
      }
    let values = kase.shapes.enumerated().map { random($1, $0) }
    let session = try Program(y).makeSession()
    for (input, value) in zip(inputs, values) { try session.write(value, to: input) }
    try session.forward()
    let found = try session.referenceValue(of: y).values, expected = definition(kase, values)
    #expect(found.count == expected.count)
    // Sums of at most a dozen products of numbers below 1.
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-14 }, "\(found), not \(expected)")
    let point = Dictionary(uniqueKeysWithValues: zip(inputs, values))
    for verdict in try GradientChecker().check((y * y).sum(), withRespectTo: inputs, at: point) {
      #expect(verdict.isCorrect, "\(verdict)")
    }
  }

  @Test func `matrices that lie as products want them are not moved`() {
    let graph = Graph()
    let q = graph.input("q", [2, 3, 4]), k = graph.input("k", [2, 5, 4])
    let before = graph.nodeCount
    let y = einsum("bqd,bkd->bqk", q, k)
    #expect(y.gateName == "matmul" && graph.nodeCount == before + 1)
  }

  @Test func `a formula that does not go with its operands is refused with why and the line`() {
    let graph = Graph()
    let x = graph.input("x", [2, 3]), y = graph.input("y", [2, 4]), labels = graph.input("labels", [2, 3], .int32)
    let line: UInt = #line + 2
    let nodes = [
      einsum("ij,jk", x, y), einsum("ij,jk->ik", x, y), einsum("ijk->i", x), einsum("ij,ik->ij", x),
      einsum("ij->ik", x), einsum("ij->ii", x), einsum("i1->i", x), einsum("ij,ij->ij", x, labels),
    ]
    let reasons = [
      "einsum \"ij,jk\": an arrow, ->, stands before the result's axes", "j is of extent 3 and of 2",
      "ijk has 3 letters, and the shape is [2, 3]", "it has 2 operands, and 1 were given", "no operand has the axis k",
      "an axis of the result is named twice", "an axis is a letter a…z or A…Z, got 1", "element types differ",
    ]
    for (node, reason) in zip(nodes, reasons) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      let hasLine = [line, line + 1].contains { error?.description.contains("EinsumTests.swift:\($0)") == true }
      #expect(hasLine, "\(String(describing: error))")
    }
  }
}
