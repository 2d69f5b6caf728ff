import Testing

@testable import Adjoint
@testable import AdjointTesting

/// For each single thing that a law of gates claims, a gate that breaks just that is reported.
@Suite(.timeLimit(.minutes(20))) struct LawClaimTests {
  // MARK: kernels

  @Test(arguments: [ElementType.float32, .float64])
  func `a kernel wrong in one float type alone is reported`(type: ElementType) throws {
    let reasons = try KernelLaw().reasons(GateSample(Crooked(type: type), .uniform([3], in: 1...2)))
    #expect(reasons.count == 5 && reasons.allSatisfy { $0.hasPrefix("\(type), seed ") })  // five seeds
  }

  /// One of the numbers that arithmetic treats in a special way.
  enum Edge: Double, CaseIterable, Sendable {
    case zero = 0, one = 1, minusOne = -1, half = 0.5, minusTwoAndAHalf = -2.5
    case negativeZero = 2, infinity, negativeInfinity, notANumber, huge, minusHuge, tiny, minusTiny

    /// `rawValue` tells the special ones apart only.
    func number(_ type: ElementType) -> Double {
      let (huge, tiny): (Double, Double) =
        type == .float64
        ? (.greatestFiniteMagnitude, .leastNonzeroMagnitude)
        : (Double(Float.greatestFiniteMagnitude), Double(Float.leastNonzeroMagnitude))
      return switch self {
      case .zero, .one, .minusOne, .half, .minusTwoAndAHalf: rawValue
      case .negativeZero: -0.0
      case .infinity: .infinity
      case .negativeInfinity: -.infinity
      case .notANumber: .nan
      case .huge: huge
      case .minusHuge: -huge
      case .tiny: tiny
      case .minusTiny: -tiny
      }
    }
  }

  @Test(arguments: Edge.allCases, [ElementType.float32, .float64])
  func `a kernel wrong at one special number is reported, as a tensor and as scalars`(
    edge: Edge, type: ElementType
  ) throws {
    for isScalar in [false, true] {
      let gate = Crooked(type: type, isScalar: isScalar, number: edge.number(type))
      let reasons = try EdgeLaw().reasons(GateSample(gate, .uniform([3])))
      #expect(reasons.count == 1)
      #expect(reasons.first?.hasPrefix("\(type), as \(isScalar ? "scalars" : "a tensor"): ") == true)
      let place = "the first that differs is of (\(edge.number(type)))"
      #expect(reasons.first?.hasSuffix(place) == true, "\(reasons)")
    }
  }

  @Test func `a kernel wrong at one pair of special numbers is reported`() throws {
    for pair in [(0.0, -0.0), (-0.0, 0), (.nan, .infinity), (1, .nan), (-.infinity, .infinity)] {
      let gate = CrookedSum(pair: [pair.0, pair.1])
      let reasons = try EdgeLaw().reasons(GateSample(gate, .uniform([3]), .uniform([3])))
      #expect(reasons.count == 4, "\(pair)")  // two types, as a tensor and as scalars
    }
  }

  // MARK: parts of kernels

  @Test(arguments: CrookedPart.Fault.allCases) func `a part that breaks its word is reported`(
    fault: CrookedPart.Fault
  ) throws {
    let reasons = try FootprintLaw().reasons(GateSample(CrookedParts(fault: fault), .uniform([6, 3])))
    #expect(reasons.count == 2 && reasons.allSatisfy { $0.contains(fault.rawValue) }, "\(reasons)")
  }

  // MARK: layouts

  @Test func `a gradient wrong where an operand is stretched, and nowhere else, is reported`() throws {
    let sample = GateSample(CrookedSlope(), .uniform([2, 3]), .uniform([2, 3]))
    #expect(try GateLaw.kernel.violations(of: CrookedSlope.self) == [])
    #expect(try LayoutLaw().reasons(sample).contains { $0.hasPrefix("as [[2, 3], [1, 3]]: gradient of operand1: ") })
  }

  @Test(arguments: [[3], []] as [Shape])
  func `a kernel wrong where the third operand is stretched is reported`(shape: Shape) throws {
    let sample = GateSample(CrookedThird(shape: shape), .uniform([2, 3]), .uniform([2, 3]), .uniform([2, 3]))
    let reasons = try LayoutLaw().reasons(sample)
    #expect(!reasons.isEmpty && reasons.allSatisfy { $0.contains(", \(shape)]: ") })
  }

  // MARK: derivatives

  @Test(arguments: 0..<6) func `a slope wrong in one element is reported with that element`(element: Int) throws {
    let reasons = try PullbackLaw(stopping: []).reasons(
      GateSample(CrookedElement(element: element), .uniform([2, 3], in: 1...2)))
    #expect(reasons.count == 1)
    #expect(reasons.first?.hasPrefix("gradient of operand0[\(element / 3), \(element % 3)] is ") == true, "\(reasons)")
  }

  @Test func `a pullback that takes its result's elements in another order is reported`() throws {
    #expect(!(try PullbackLaw(stopping: []).reasons(GateSample(Reversal(), .uniform([4]))).isEmpty))
  }

  @Test(arguments: [0, 1]) func `a second derivative wrong by one operand alone is reported`(operand: Int) throws {
    let sample = GateSample(FrozenProduct(frozen: operand), .uniform([3], in: 1...2), .uniform([3], in: 1...2))
    #expect(try PullbackLaw(stopping: []).reasons(sample) == [])
    let reasons = try SecondDerivativeLaw(stopping: []).reasons(sample)
    #expect(reasons.count == 1 && reasons[0].hasPrefix("of the gradient of operand \(operand): "), "\(reasons)")
  }

  @Test(arguments: [[0], [1], [0, 1]])
  func `a pushforward wrong where certain operands move is reported with them`(moving: [Int]) throws {
    for error in [0.5, 1e-8] {
      let sample = GateSample(CrookedTangent(moving: moving, error: error), .uniform([3]), .uniform([3]))
      let reasons = try PushforwardLaw().reasons(sample)
      #expect(reasons.count == 1 && reasons[0].hasPrefix("moving operands \(moving): "), "\(reasons)")
    }
  }

  @Test func `a tangent or a gradient of another type or shape does not pass`() throws {
    for fault in Misshapen.Fault.allCases {
      let sample = GateSample(Misshapen(fault: fault), .uniform([2, 3]))
      func isReported(_ reasons: () throws -> [String]) -> Bool { (try? reasons())?.isEmpty != true }
      #expect(isReported { try gradientShapeReasons(sample) }, "\(fault)")
      #expect(isReported { try PushforwardLaw().reasons(sample) }, "\(fault)")
    }
  }

  @Test func `operands of a sample have different values, and seeds others`() {
    let sample = GateSample(CrookedSum(pair: [0, 0]), .uniform([9]), .uniform([9]))
    let first = SampleGraph(sample, .float64, seed: 1), second = SampleGraph(sample, .float64, seed: 2)
    var seen: Set<[Double]> = []
    for graph in [first, second] { for node in graph.operands { seen.insert(graph.values[node]!.values) } }
    #expect(seen.count == 4)
  }
}

/// The identity, whose kernel adds 1 to one number in one float type, on tensors or on scalars alone if said.
private struct Crooked: ElementwiseGate {
  static let name = "crooked"
  let type: ElementType
  var isScalar: Bool?
  /// Where it is wrong; everywhere if left out.
  var number: Double?
  func value(_ x: ElementOperands) -> Double { x[0] }
  var kernel: Kernel {
    .custom { [self] arguments in
      func fill<T: GraphScalar & BinaryFloatingPoint>(_: T.Type) throws {
        let (x, y) = try (arguments.input(0, as: T.self), arguments.output(as: T.self))
        let isAlone = arguments.outputShape == .scalar
        let isHere = arguments.outputType == type && (isScalar ?? isAlone) == isAlone
        for i in x.indices { y[i] = isHere && isWrong(x[i].asDouble) ? (x[i] > 2 ? 0 : 3) : x[i] }
      }
      if arguments.outputType == .float64 { try fill(Double.self) } else { try fill(Float.self) }
    }
  }
  private func isWrong(_ x: Double) -> Bool {
    guard let number else { return true }
    return x.bitPattern == number.bitPattern || x.isNaN && number.isNaN
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

/// A sum whose kernel is wrong at one pair of numbers.
private struct CrookedSum: ElementwiseGate {
  static let name = "crookedSum"
  let pair: [Double]
  func value(_ x: ElementOperands) -> Double { x[0] + x[1] }
  var kernel: Kernel {
    .custom { [self] arguments in
      let operands = [arguments.reference(0), arguments.reference(1)]
      let sums = operands[0].values.indices.map { row in
        let numbers = operands.map { $0.values[row] }
        let isHere = zip(numbers, pair).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
        return isHere ? 77 : numbers[0] + numbers[1]
      }
      try arguments.write(ReferenceTensor(arguments.outputShape, operands[0].elementType, sums))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream, upstream] }
}

/// The first operand, as the definition has it; the kernel doubles it where the second one is stretched.
private struct FirstOfTwo: ElementwiseGate {
  static let name = "firstOfTwo"
  func value(_ x: ElementOperands) -> Double { x[0] }
  var kernel: Kernel {
    .custom { arguments in
      let (first, second) = (arguments.reference(0), arguments.reference(1))
      let factor = second.shape == arguments.outputShape ? 1.0 : 2
      let shape = arguments.outputShape
      let values = first.broadcast(to: shape).values.map { factor * $0 }
      try arguments.write(ReferenceTensor(shape, first.elementType, values))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream, nil] }
}

/// A sum whose second gradient goes through ``FirstOfTwo``.
private struct CrookedSlope: ElementwiseGate, SampledGate {
  static let name = "crookedSlope"
  func value(_ x: ElementOperands) -> Double { x[0] + x[1] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream, upstream.graph.apply(FirstOfTwo(), to: [upstream, node.inputs[1]])]
  }
  static let samples = [GateSample(Self(), .uniform([2, 3]), .uniform([2, 3]))]
}

/// A sum of three whose kernel is wrong where the third is of one shape.
private struct CrookedThird: ElementwiseGate {
  static let name = "crookedThird"
  let shape: Shape
  func value(_ x: ElementOperands) -> Double { x[0] + x[1] + x[2] }
  var kernel: Kernel {
    .custom { [self] arguments in
      let shape = arguments.outputShape
      let operands = (0..<3).map { arguments.reference($0).broadcast(to: shape) }
      let slip = arguments.reference(2).shape == self.shape ? 1.0 : 0
      let sums = operands[0].values.indices.map { row in operands.reduce(slip) { $0 + $1.values[row] } }
      try arguments.write(ReferenceTensor(shape, operands[0].elementType, sums))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream, upstream, upstream] }
}

/// A square whose slope is a thousandth too large in one element.
private struct CrookedElement: ElementwiseGate {
  static let name = "crookedElement"
  let element: Int
  func value(_ x: ElementOperands) -> Double { x[0] * x[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    let shape = node.inputs[0].shape
    let factors = (0..<shape.elementCount).map { $0 == element ? 2.002 : 2 }
    return [upstream * (node.inputs[0] * upstream.graph.constant(factors, shape))]
  }
}

/// Each element plus the one behind it in its row, by parts that break their word.
private struct CrookedParts: Gate {
  static let name = "crookedParts"
  let fault: CrookedPart.Fault
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .calls { CrookedPart(fault, $0) } }
  func definition(_ inputs: [ReferenceTensor], shape: Shape) throws -> ReferenceTensor { inputs[0] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

final class CrookedPart: KernelCall {
  enum Fault: String, CaseIterable {
    case reads = "reads more than it says", writes = "writes more than", overwrites = "in the memory of operand 0"
  }
  static let name = "crooked part"
  let extent: Int
  private let fault: Fault, type: ElementType, length: Int

  fileprivate init(_ fault: Fault, _ shapes: CallShapes) {
    (self.fault, type) = (fault, shapes.result.elementType)
    (extent, length) = (shapes.result.shape[0], shapes.result.shape[1])
  }

  private func elements(of rows: Range<Int>, without count: Int) -> Range<Int> {
    rows.lowerBound * length..<max(rows.lowerBound, rows.upperBound - count) * length
  }
  func elementsRead(of position: Int, by rows: Range<Int>) -> Range<Int>? {
    elements(of: rows, without: fault == .reads ? 1 : 0)
  }
  func elementsWritten(to number: Int, by rows: Range<Int>) -> Range<Int>? {
    elements(of: rows, without: fault == .writes ? 1 : 0)
  }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { fault == .overwrites }
  func cost(at speeds: CostModel) -> Float { 100 }
  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ rows: Range<Int>
  ) {
    func add<T: FloatingPoint>(_: T.Type) {
      let x = inputs[0].assumingMemoryBound(to: T.self), y = outputs[0].assumingMemoryBound(to: T.self)
      // From the end: what lies over the operand has lost the element behind.
      for place in elements(of: rows, without: 0).reversed() {
        y[place] = (place + 1) % length == 0 ? x[place] : x[place] + x[place + 1]
      }
    }
    if type == .float64 { add(Double.self) } else { add(Float.self) }
  }
}

/// Its elements from the last to the first, and a pullback that leaves them as they are.
private struct Reversal: Gate {
  static let name = "reversal"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      let x = arguments.reference(0)
      try arguments.write(ReferenceTensor(x.shape, x.elementType, x.values.reversed()))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

/// A product, one of whose slopes is right and has no slope itself.
private struct FrozenProduct: ElementwiseGate {
  static let name = "frozenProduct"
  let frozen: Int
  func value(_ x: ElementOperands) -> Double { x[0] * x[1] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    (0..<2).map { operand in
      let other = node.inputs[1 - operand]
      return upstream * (operand == frozen ? stopGradient(other) : other)
    }
  }
}

/// A product whose tangent is wrong by a share where these operands move and no others.
private struct CrookedTangent: ElementwiseGate {
  static let name = "crookedTangent"
  let moving: [Int]
  let error: Double
  func value(_ x: ElementOperands) -> Double { x[0] * x[1] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream * node.inputs[1], upstream * node.inputs[0]]
  }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let terms = (0..<2).compactMap { operand in tangents[operand].map { $0 * node.inputs[1 - operand] } }
    let sum = terms.dropFirst().reduce(terms[0]) { $0 + $1 }
    return tangents.indices.filter { tangents[$0] != nil } == moving ? (1 + error) * sum : sum
  }
}

/// The identity, whose gradient and tangent are of another shape or type.
private struct Misshapen: Gate {
  enum Fault: CaseIterable { case shape, rank, type }
  static let name = "misshapen"
  let fault: Fault
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { arguments in try arguments.write(arguments.reference(0)) } }
  private func bent(_ x: Node) -> Node {
    switch fault {
    case .shape: x.transposed()
    case .rank: x.reshaped([x.shape.elementCount])
    case .type:
      x.graph.constant([Double](repeating: 1, count: x.shape.elementCount), x.shape) * 1
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [bent(upstream)] }
  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? { bent(tangents[0]!) }
}
