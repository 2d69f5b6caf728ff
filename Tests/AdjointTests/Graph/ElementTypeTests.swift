import AdjointTesting
import Testing

@testable import Adjoint

/// Values of each Swift type, as nodes hold them.
@Suite(.timeLimit(.minutes(20))) struct ElementTypeTests {
  /// What goes into an input, a parameter and a constant of its type comes out, moved or as it is, bit for bit.
  private func check<T: GraphScalar & Equatable>(_ values: [T], _ location: Testing.SourceLocation = #_sourceLocation)
    throws
  {
    let graph = Graph(), shape: Shape = [2, values.count / 2], type = T.elementType
    let x = graph.input("x", shape, type)
    let nodes = [x, graph.parameter("p", shape, .values(values), type), graph.constant(values, shape)]
    let rows = graph.constant([1, 0] as [Int32], [2])
    let moved = nodes.flatMap { node in
      [
        node, node.transposed().transposed(), node.gatheringRows(rows).gatheringRows(rows),
        concatenate([node.sliced(0..<1), node.sliced(1..<2)]), node.broadcast(to: [3] + shape).sliced(2..<3),
        node.sliced(1..<2, axis: 1), stopGradient(node),
      ]
    }
    let session = try Program(moved).makeSession()
    try session.write(values, to: x)
    try session.forward()
    let column = [values[1], values[values.count / 2 + 1]]
    for node in moved {
      #expect(try session.read(node, as: T.self) == (node.shape == [2, 1] ? column : values), sourceLocation: location)
    }
    try session.withMutableValues(of: x, as: T.self) { $0[0] = values[1] }
    try session.forward()
    #expect(try session.read(x, as: T.self)[0] == values[1], sourceLocation: location)
    let mistake = #expect(throws: SessionError.self) { try session.write([UInt8.max].map { Float($0) }, to: x) }
    #expect(mistake.map { "\($0)" }?.contains("\(type)") == true, sourceLocation: location)
  }

  @Test func `values of every type keep their digits wherever they are`() throws {
    try check([0.1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Float])
    try check([0.1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Double])
    try check([.min, .max, 0, -1] as [Int32])
    // A double has none of the first two.
    try check([1 << 53 + 1, .max, .min, -1 << 60 + 1] as [Int64])
    try check([.max, .max, .max, .max] as [Int64])
    try check([true, false, false, true])
    try check([0.1, -2, 65_504, 0x1p-133].map { BFloat16(rounding: $0) })
    #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
      try check([0.1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Float16])
    #endif
  }

  @Test func `an integer beyond the digits of a double is cast from all of its own`() throws {
    // Rounded to a double first, the floats below would end at the even neighbour.
    let values: [Int64] = [1 << 62 + 1 << 38 + 1, 1 << 62 + 1 << 54 + 1, .max, .min + 1, 1 << 53 + 1, -(1 << 53) - 1]
    for isConstant in [true, false] {
      let graph = Graph()
      let x = isConstant ? graph.constant(values, [6]) : graph.input("x", [6], .int64)
      let casts = [ElementType.float32, .float64, .int32, .bfloat16, .bool].map { x.cast(to: $0) }
      let session = try Program(casts).makeSession()
      if !isConstant { try session.write(values, to: x) }
      try session.forward()
      #expect(try session.read(casts[0], as: Float.self) == values.map { Float($0) })
      #expect(try session.read(casts[1], as: Double.self) == values.map { Double($0) })
      #expect(try session.read(casts[2], as: Int32.self) == values.map { Int32(clamping: $0) })
      let halves = try session.read(casts[3], as: BFloat16.self)
      #expect(Float(halves[1]) == Float(sign: .plus, exponent: 62, significand: 1 + 0x1p-7))
      #expect(try session.read(casts[4], as: Bool.self) == [true, true, true, true, true, true])
    }
  }

  @Test func `one integer that no double has stays what it is when it is folded`() throws {
    let odd: Int64 = 1 << 53 + 1
    let graph = Graph()
    let all = graph.constant([odd, 3, .max], [3])
    let found = [
      all.gatheringRows(graph.constant([Int32(2)], [1])), all.reshaped([1, 3]).transposed().sliced(0..<1),
      concatenate([all.sliced(2..<3)]), all.sliced(0..<1).reshaped([1, 1]).transposed(),
    ]
    let session = try Program(found).makeSession()
    try session.forward()
    #expect(try found.map { try session.read($0, as: Int64.self)[0] } == [.max, odd, .max, odd])
  }

  @Test func `a scalar is read and written as a number of its type, and what it has not is refused`() throws {
    for type in ElementType.allCases {
      let graph = Graph()
      let x = graph.input("x", [], type), y = x.reshaped([1]).reshaped([])
      let session = try Program(y).makeSession()
      try session.write(1, to: x)
      try session.forward()
      #expect(try session.read(y) == 1 && session.read(x) == 1)
      for number in [0.5, 2, -1, 0x1p31, 0x1p63, .nan] where type.lacks(number) {
        let error = #expect(throws: SessionError.self) { try session.write([number], to: x) }
        #expect(error.map { "\($0)" }?.contains("takes \(type), got \(number)") == true)
        let constant = #expect(throws: GraphError.self) { try Program(Graph().constant(number, [], type)) }
        #expect(constant?.description.contains("\(number) is no \(type)") == true)
      }
    }
    func lacked(_ type: ElementType) -> [Double] { [0.5, 2, -1, 0x1p31, 0x1p63].filter(type.lacks) }
    #expect(lacked(.int32) == [0.5, 0x1p31, 0x1p63] && lacked(.int64) == [0.5, 0x1p63])
    #expect(lacked(.bool) == [0.5, 2, -1, 0x1p31, 0x1p63] && lacked(.float16) == [])
    #expect(!ElementType.int64.lacks(-0x1p63) && !ElementType.int32.lacks(-0x1p31))
  }

  @Test func `a graph's and a program's texts name each type`() throws {
    for type in ElementType.allCases {
      let graph = Graph()
      let x = graph.input("x", [3, 2], type), y = x.transposed().named("y")
      let program = try Program(y)
      var text = ""
      dump(program, to: &text)
      #expect(text.contains("x [3, 2] \(type)") && text.contains("y [2, 3] \(type)"), "\(text)")
      #expect(program.explanation.contains("x [3, 2] \(type)"), "\(program.explanation)")
      let session = program.makeSession()
      try session.write(ReferenceTensor([3, 2], type, [1, 0, 1, 1, 0, 0]), to: x)
      try session.forward()
      #expect(session.drawing(of: y).contains("[1, 1, 0, 0, 1, 0]"), "\(session.drawing(of: y))")
    }
    let names = ["float32", "float64", "int32", "int64", "bool", "float16", "bfloat16"]
    #expect(ElementType.allCases.map(\.description) == names)
  }

  // MARK: Swift's types

  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    @Test func `halves are Swift's, each of them`() {
      for bits in UInt16.min ... .max {
        let half = Float16(bitPattern: bits)
        #expect(half.asDouble == Double(half) || half.isNaN && half.asDouble.isNaN)
        #expect(Float16(rounding: half.asDouble) == half || half.isNaN)
        // The middle between it and the next, and what lies on either side of that.
        let middle = (half.asDouble + half.nextUp.asDouble) / 2
        for number in [middle.nextDown, middle, middle.nextUp] where half.isFinite {
          #expect(Float16(rounding: number) == Float16(number), "\(number)")
        }
      }
    }
  #endif

  @Test func `a bfloat16 is the nearest, and compares as the number that it is`() {
    #expect(BFloat16(1).bitPattern == 0x3F80 && BFloat16(-2).bitPattern == 0xC000)
    #expect(BFloat16(1 + 0x1p-8 as Float).bitPattern == 0x3F80 && BFloat16(1 + 0x1.8p-7 as Float).bitPattern == 0x3F82)
    #expect(BFloat16(rounding: 1 + 0x1p-8 + 0x1p-40).bitPattern == 0x3F81, "a double is rounded once")
    #expect(
      BFloat16(Float.greatestFiniteMagnitude).bitPattern == 0x7F80 && BFloat16(0x1.FEp127 as Float).bitPattern == 0x7F7F
    )
    #expect(BFloat16(Float.leastNonzeroMagnitude).bitPattern == 0 && BFloat16(0x1p-133 as Float).bitPattern == 1)
    let nan = BFloat16(Float(bitPattern: 0x7F80_0001))
    #expect(nan != nan && Float(nan).isNaN && BFloat16(rounding: .nan).asDouble.isNaN)
    #expect(
      BFloat16(0 as Float) == BFloat16(-0.0 as Float)
        && Set([BFloat16(0 as Float), BFloat16(-0.0 as Float)]).count == 1)
    #expect("\(BFloat16(rounding: 1.0 / 3))" == "0.33398438")
  }

  @Test func `truth values in a parameter are 0 or 1, whatever bytes they are set to`() throws {
    let graph = Graph()
    let p = graph.parameter("p", [4], .values([true, false, true, false]), .bool)
    let store = ParameterStore()
    let session = try Program(p.reshaped([2, 2])).makeSession(parameters: store)
    #expect(try session.read(p, as: Bool.self) == [true, false, true, false])
    try store.replaceValues(of: ["p"]) { _, bytes in
      bytes.withUnsafeMutableBytes { $0.copyBytes(from: [0, 7, 128, 1]) }
    }
    #expect(try store.withBytes(of: "p") { $0.withUnsafeBytes { Array($0) } } == [0, 1, 1, 1])
    #expect(try session.read(p, as: Bool.self) == [false, true, true, true])
  }
}

extension Shape {
  fileprivate static func + (left: [Int], right: Shape) -> Shape { Shape(left + right.dimensions) }
}
