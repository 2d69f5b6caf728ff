import Adjoint
import Testing

/// Swift numbers beside nodes: `Double`, `Float` and `Int`, on either side, as constants of the node's type.
@Suite(.timeLimit(.minutes(20))) struct NumberOperandTests {
  /// The value at x = 3, in float64.
  private func value(_ body: (Node) -> Node) throws -> Double {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let y = body(x)
    let session = try Program(y).makeSession()
    try session.write(3, to: x)
    try session.forward()
    return try session.read(y)
  }

  @Test func `operators take integers, floats and doubles on either side`() throws {
    let (count, half, third) = (7, Float(0.5), 1.0 / 3)
    #expect(try value { $0 + count } == 10 && value { count + $0 } == 10)
    #expect(try value { $0 - count } == -4 && value { count - $0 } == 4)
    #expect(try value { $0 * count } == 21 && value { count * $0 } == 21)
    #expect(try value { $0 / count } == 3.0 / 7 && value { count / $0 } == 7.0 / 3)
    #expect(try value { $0 + half } == 3.5 && value { half - $0 } == -2.5)
    #expect(try value { $0 * half } == 1.5 && value { half / $0 } == 0.5 / 3)
    #expect(try value { $0 * third } == 1 && value { third - $0 } == 1.0 / 3 - 3)
    #expect(try value { 2 * $0 + 1 } == 7 && value { 1.5 - $0 / 2 } == 0)
  }

  @Test func `functions of two operands take numbers on either side`() throws {
    let (two, half) = (2, Float(0.5))
    #expect(try value { maximum($0, 4) } == 4 && value { maximum(4.5, $0) } == 4.5 && value { maximum($0, two) } == 3)
    #expect(try value { minimum($0, 4) } == 3 && value { minimum(half, $0) } == 0.5 && value { minimum(two, $0) } == 2)
    #expect(try value { pow($0, 2) } == 9 && value { pow($0, two) } == 9 && value { pow(2, $0) } == 8)
    #expect(try value { pow(half, $0) } == 0.125 && value { pow($0, -1.0) } == 1.0 / 3)
    #expect(try value { greater($0, two) } == 1 && value { greater(two, $0) } == 0 && value { greater($0, 3.5) } == 0)
    #expect(try value { equal($0, 3) } == 1 && value { equal(half, $0) } == 0)
    #expect(try value { atan2(0, $0) } == 0 && value { atan2($0, 0.0) } == .pi / 2)
    #expect(try value { select(greater($0, 2), $0, 0) } == 3 && value { select(greater($0, 4), 1, $0) } == 3)
  }

  @Test func `a number is the one that the node's type has`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let y = x * Float(0.1) + 16_777_217  // 2²⁴ + 1, which no float is
    let session = try Program(y).makeSession()
    try session.write([1, -1] as [Float], to: x)
    try session.forward()
    #expect(y.elementType == .float32 && y.shape == [2])
    #expect(try session.read(y, as: Float.self) == [0.1 + 16_777_216, -0.1 + 16_777_216])
  }

  @Test func `equal numbers of any Swift type are one constant`() {
    let graph = Graph()
    let x = graph.input("x")
    let nodes = [x + 2, x + 2.0, x + Float(2), 2 + x].map(\.inputs)
    #expect(Set(nodes.joined()).count == 2)
  }

  @Test func `an assignment names the new node and leaves the old one`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64)
    var z = x
    z += y
    let sum = z
    z *= 3
    z -= Float(1)
    z /= y
    z += 2.5
    z -= y
    z *= x
    z /= 2
    let program = try Program(z, gradientsFor: [x, y], alsoComputing: [sum])
    let session = program.makeSession()
    try session.write(2, to: x)
    try session.write(4, to: y)
    try session.step()
    // ((3 (x + y) − 1) / y + 2.5 − y) x / 2
    #expect(try session.read(sum) == 6 && session.read(z) == (17.0 / 4 + 2.5 - 4) * 2 / 2)
    // By x: (17/4 + 2.5 − 4) / 2 + 3 / y · x / 2; by y: (3/y − (3(x + y) − 1)/y² − 1) x / 2.
    #expect(try session.gradient(of: x) == 2.75 / 2 + 0.75)
    #expect(try session.gradient(of: y) == 0.75 - 17.0 / 16 - 1)
  }

  @Test func `what a number does not go with is refused with the line`() throws {
    let graph = Graph()
    let labels = graph.input("labels", [3], .int32)
    var total = labels
    let line: UInt = #line + 1
    total += 1
    let error = #expect(throws: GraphError.self) { try Program(total) }
    #expect(error?.description.contains("labels [3] int32") == true)
    #expect(error.map { "\($0.location)".contains("NumberOperandTests.swift:\(line)") } == true)
    let wrong = #expect(throws: GraphError.self) { try Program(maximum(labels, 1)) }
    #expect(wrong?.description.contains("NumberOperandTests.swift:\(line + 4)") == true)
  }
}
