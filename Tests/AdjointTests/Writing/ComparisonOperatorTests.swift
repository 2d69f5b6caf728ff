import Adjoint
import Testing

/// Comparisons as truth values, and what is made of those.
@Suite(.timeLimit(.minutes(20))) struct ComparisonOperatorTests {
  private static let numbers = [-1.5, -0.0, 0, 0.5, 0.5, .infinity, -.infinity, .nan]

  struct Operator: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let ofNodes: @Sendable (Node, Node) -> Node
    let withRight: @Sendable (Node, Double) -> Node
    let withLeft: @Sendable (Double, Node) -> Node
    let definition: @Sendable (Double, Double) -> Bool
  }

  static let operators = [
    Operator(testDescription: "<", ofNodes: { $0 .< $1 }, withRight: { $0 .< $1 }, withLeft: { $0 .< $1 }) { $0 < $1 },
    Operator(testDescription: "plain <", ofNodes: { $0 < $1 }, withRight: { $0 < $1 }, withLeft: { $0 < $1 }) {
      $0 < $1
    },
    Operator(testDescription: "plain >", ofNodes: { $0 > $1 }, withRight: { $0 > $1 }, withLeft: { $0 > $1 }) {
      $0 > $1
    },
    Operator(testDescription: "<=", ofNodes: { $0 .<= $1 }, withRight: { $0 .<= $1 }, withLeft: { $0 .<= $1 }) {
      $0 <= $1
    },
    Operator(testDescription: ">", ofNodes: { $0 .> $1 }, withRight: { $0 .> $1 }, withLeft: { $0 .> $1 }) { $0 > $1 },
    Operator(testDescription: ">=", ofNodes: { $0 .>= $1 }, withRight: { $0 .>= $1 }, withLeft: { $0 .>= $1 }) {
      $0 >= $1
    },
    Operator(testDescription: "==", ofNodes: { $0 .== $1 }, withRight: { $0 .== $1 }, withLeft: { $0 .== $1 }) {
      $0 == $1
    },
    Operator(testDescription: "!=", ofNodes: { $0 .!= $1 }, withRight: { $0 .!= $1 }, withLeft: { $0 .!= $1 }) {
      $0 != $1
    },
  ]

  @Test(arguments: operators) func `each pair of numbers is compared as Swift compares it`(compare: Operator) throws {
    for type in [ElementType.float32, .float64, .float16, .bfloat16] {
      let graph = Graph(), count = Self.numbers.count
      let rows = graph.input("rows", [count, 1], type), columns = graph.input("columns", [count], type)
      let table = compare.ofNodes(rows, columns)
      let single = Self.numbers.map { (compare.withRight(columns, $0), compare.withLeft($0, columns)) }
      #expect(table.elementType == .bool && table.shape == [count, count])
      let session = try Program([table] + single.flatMap { [$0.0, $0.1] }).makeSession()
      try session.write(Self.numbers, to: rows)
      try session.write(Self.numbers, to: columns)
      try session.forward()
      let expected = Self.numbers.flatMap { a in Self.numbers.map { compare.definition(a, $0) } }
      #expect(try session.read(table, as: Bool.self) == expected)
      for (number, nodes) in zip(Self.numbers, single) {
        #expect(
          try session.read(nodes.0, as: Bool.self) == Self.numbers.map { compare.definition($0, number) }, "\(number)")
        #expect(
          try session.read(nodes.1, as: Bool.self) == Self.numbers.map { compare.definition(number, $0) }, "\(number)")
      }
    }
  }

  @Test func `integers and truth values are compared exactly`() throws {
    let graph = Graph()
    let labels = graph.input("labels", [4], .int32), flags = graph.input("flags", [4], .bool)
    let isLargest = labels .== 2_147_483_647, isNext = labels .< 2_147_483_646.5, isSet = flags .!= 0
    let session = try Program([isLargest, isNext, isSet]).makeSession()
    try session.write([2_147_483_647, 2_147_483_646, -5, 0], to: labels)
    try session.write([true, false, true, false], to: flags)
    try session.forward()
    #expect(try session.read(isLargest, as: Bool.self) == [true, false, false, false])
    #expect(try session.read(isNext, as: Bool.self) == [false, true, true, true])
    #expect(try session.read(isSet, as: Bool.self) == [true, false, true, false])
  }

  @Test func `truth values are joined as the table says, and axes broadcast`() throws {
    let graph = Graph()
    let a = graph.input("a", [2, 1], .bool), b = graph.input("b", [2], .bool)
    let nodes = [and(a, b), a .& b, or(a, b), a .| b, not(b), .!b]
    let session = try Program(nodes).makeSession()
    try session.write([false, true], to: a)
    try session.write([false, true], to: b)
    try session.forward()
    let results = try nodes.map { try session.read($0, as: Bool.self) }
    #expect(results[0] == [false, false, false, true] && results[1] == results[0])
    #expect(results[2] == [false, true, true, true] && results[3] == results[2])
    #expect(results[4] == [true, false] && results[5] == results[4])
    #expect(nodes.allSatisfy { $0.elementType == .bool } && nodes[0].shape == [2, 2])
  }

  @Test func `a piecewise function reads as it is written, and so do its slopes`() throws {
    let graph = Graph()
    let x = graph.input("x", [5], .float64)
    // Huber's loss.
    let y = select((x .> -1) .& (x .<= 1), 0.5 * square(x), abs(x) - 0.5)
    let session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y]).makeSession()
    try session.write([-3, -1, 0.25, 1, 2.0], to: x)
    try session.step()
    #expect(try session.read(y, as: Double.self) == [2.5, 0.5, 0.03125, 0.5, 1.5])
    #expect(try session.gradient(of: x, as: Double.self) == [-1, -1, 0.25, 1, 1])
  }

  @Test func `a comparison that a selection reads is not cast back`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let before = graph.nodeCount
    let y = select(x .> 0, x, 0)
    // The zero, the comparison, its cast, the selection.
    #expect(graph.nodeCount == before + 4)
    #expect(y.inputs[0].elementType == .float32)
    let program = try Program(y)
    #expect(!"\(program.explanation)".contains("cast"))
    // Of another type it is.
    let other = select(x .> 0, graph.input("v", [3], .float64), 0)
    let session = try Program(other).makeSession()
    try session.write([-1, 0, 2.0], to: x)
    try session.write([1, 2, 3.0], to: graph.node(named: "v")!)
    try session.forward()
    #expect(try session.read(other, as: Double.self) == [0, 0, 3])
  }

  @Test func `what cannot be compared or joined is refused with the line and the cast`() {
    let graph = Graph()
    let x = graph.input("x", [2]), labels = graph.input("labels", [2], .int32), long = graph.input("long", [2], .int64)
    let line: UInt = #line + 1
    let nodes = [x .> labels, long .> 3, and(x, labels), not(labels), .!x]
    let reasons = [
      "element types differ: float32 and int32", "cast it to float32 or float64 first",
      "and takes truth values, got float32; write x.cast(to: .bool)",
      "not takes truth values, got int32; write labels.cast(to: .bool)", "not takes truth values, got float32",
    ]
    for (node, reason) in zip(nodes, reasons) {
      let error = #expect(throws: GraphError.self) { try Program(node) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
      #expect(error.map { "\($0.location)".contains("ComparisonOperatorTests.swift:\(line)") } == true)
    }
  }

  @Test func `clamped numbers lie within the bounds, and half a gradient passes at one`() throws {
    let graph = Graph()
    let x = graph.input("x", [6], .float64)
    let y = clamp(x, -1, 2.5)
    let session = try Program(y.sum(), gradientsFor: [x], alsoComputing: [y]).makeSession()
    try session.write([-7, -1, 0, 2.5, 3, .nan], to: x)
    try session.step()
    let values = try session.read(y, as: Double.self)
    #expect(Array(values[..<5]) == [-1, -1, 0, 2.5, 2.5] && values[5].isNaN)
    #expect(Array(try session.gradient(of: x, as: Double.self)[..<5]) == [0, 0.5, 1, 0.5, 0])
  }

  @Test func `bounds that are nodes get the gradient beyond them, and those that descend are refused`() throws {
    let graph = Graph()
    let x = graph.input("x", [3]), low = graph.input("low"), high = graph.input("high")
    let session = try Program(clamp(x, low, high).sum(), gradientsFor: [x, low, high]).makeSession()
    try session.write([-1, 0.5, 9.0], to: x)
    try session.write(0, to: low)
    try session.write(1, to: high)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [0, 1, 0])
    #expect(try session.gradient(of: low) == 1 && session.gradient(of: high) == 1)
    let error = #expect(throws: GraphError.self) { try Program(clamp(x, 2, 1)) }
    #expect(error?.description.contains("bounds ascend, got 2.0 and 1.0") == true)
  }
}
