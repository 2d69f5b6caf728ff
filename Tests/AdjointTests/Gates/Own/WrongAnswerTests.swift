import Adjoint
import DependencyScheduling
import StressScale
import Testing

/// Gates from outside the package that give a wrong answer, one a row: each ends in a typed error that names the gate
/// and the line that applied it, on no worker, and the session goes on.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 120)) struct WrongAnswerTests {
  private typealias Mistake = WrongGate.Mistake

  /// What a graph or a program says of a mistake.
  private static let refusals: [(Mistake, GraphError.Kind, String)] = [
    (.axisMissing, .shapeMismatch, "axis 7 is not there"), (.shapeThrows, .shapeMismatch, "it will have none of it"),
    (.shapeEmpty, .shapeMismatch, "an extent of 0 holds no element"),
    (.shapeNegative, .shapeMismatch, "an extent of -4 holds no element"),
    (.shapeHuge, .shapeMismatch, "no memory holds more than 2^48 elements"),
    (.shapeDeep, .shapeMismatch, "a value has at most 32 axes"),
    (.typeThrows, .shapeMismatch, "it wants other elements"),
    (.noGradients, .wrongDerivative, "its pullback gives 0 gradients, and it has 1 operand"),
    (.twoGradients, .wrongDerivative, "its pullback gives 2 gradients, and it has 1 operand"),
    (.gradientShape, .wrongDerivative, "gives a gradient of [3] float32 to its operand x [4] float32"),
    (.gradientType, .wrongDerivative, "gives a gradient of [4] float64 to its operand x [4] float32"),
    (
      .gradientOfOtherGraph, .wrongDerivative, "a gradient that belongs to another graph, stranger [4] float32, made at"
    ),
    (.gradientMissing, .noGradientPath, "the gate wrongGate passes none on"),
    (.readsMissingOperand, .wrongDerivative, "a rule of it reads operand 5, and it has 1 operand"),
    (.mixesOtherGraph, .otherGraph, "reads stranger [4] float32, made at"),
    (.tangentShape, .wrongDerivative, "gives a tangent of [3] float32"),
    (.tangentType, .wrongDerivative, "gives a tangent of [4] float64"),
    (.tangentOfOtherGraph, .wrongDerivative, "a tangent that belongs to another graph, stranger [4] float32, made at"),
    (.tangentMixesOtherGraph, .otherGraph, "reads stranger [4] float32, made at"),
    (.estimateNegative, .wrongEstimate, "the gate estimates its cost at -1.0 ns"),
    (.estimateInfinite, .wrongEstimate, "the gate estimates its cost at inf ns"),
    (.estimateNaN, .wrongEstimate, "the gate estimates its cost at nan ns"),
  ]

  /// What a run says of a mistake.
  private static let failures: [(Mistake, String)] = [
    (.typeOfOtherKernel, "the result holds float64, and the kernel writes float32"),
    (.readsOtherType, "operand 0 holds float32, and the kernel reads float64"),
    (.readsMissing, "the kernel reads operand 5, and the gate has 1 operand"),
    (.asksMissingShape, "the kernel reads operand -1, and the gate has 1 operand"),
    (.asksMissingType, "the kernel reads operand 1, and the gate has 1 operand"), (.kernelThrows, "it refuses"),
    (.kernelCancels, "CancellationError"), (.writesNothing, "the kernel does not write element 0 of its result"),
    (.writesHalf, "the kernel does not write element 2 of its result"),
  ]

  @Test func `every mistake has its row`() {
    #expect(Set(Self.refusals.map(\.0) + Self.failures.map(\.0)) == Set(Mistake.allCases).subtracting([.none]))
  }

  /// Where a gate is applied, and how a program wants it differentiated.
  private enum Use: CaseIterable { case plain, hessian, forward, forwardScan, scan, jacobian }

  /// The uses in which a mistake must show.
  private static func uses(_ mistake: Mistake) -> [Use] {
    switch mistake {
    case .tangentShape, .tangentType, .tangentOfOtherGraph, .tangentMixesOtherGraph: [.forward, .forwardScan]
    // Within a scan the gradient of a state that is passed nothing is zero.
    case .gradientMissing: [.plain]
    // A gate that is linear in what moves is not applied in the derivatives.
    case .estimateNegative, .estimateInfinite, .estimateNaN: [.plain, .scan]
    case .noGradients, .twoGradients, .gradientShape, .gradientType, .gradientOfOtherGraph, .readsMissingOperand,
      .mixesOtherGraph:
      [.plain, .hessian, .scan]
    default: Use.allCases
    }
  }

  private func compile(_ mistake: Mistake, _ use: Use) throws -> (program: Program, x: Node, line: Int) {
    let graph = Graph()
    let x = graph.input("x", [4])
    func y(_ x: Node) -> Node { graph.apply(WrongGate(mistake: mistake), to: [x]) }; let line = #line
    func scanned() -> Node {
      graph.scan(over: [graph.constant(1, [3, 4])], from: [x]) { state, elements in
        (state: [y(state[0]) * elements[0]], outputs: [])
      }.state[0]
    }
    let ones = graph.constant(1, [4])
    func moved(_ node: Node) throws -> Node {
      try #require(try graph.jacobianVectorProduct(of: [node], along: [ones], withRespectTo: [x])[0])
    }
    let program =
      switch use {
      case .plain: try Program(y(x).cast(to: .float32).sum(), gradientsFor: [x])
      case .hessian:
        try Program(graph.hessianVectorProduct(of: square(y(x)).sum(), along: [ones], withRespectTo: [x])[0])
      case .forward: try Program(moved(y(x)))
      case .forwardScan: try Program(moved(scanned()))
      case .scan: try Program(scanned().sum(), gradientsFor: [x])
      case .jacobian: try Program(graph.jacobian(of: y(x), withRespectTo: x))
      }
    return (program, x, line)
  }

  @Test(arguments: refusals.indices) func `a wrong answer to the graph or the compiler is a GraphError`(row: Int) throws
  {
    let (mistake, kind, sentence) = Self.refusals[row]
    for use in Self.uses(mistake) {
      do {
        _ = try compile(mistake, use)
        Issue.record("\(mistake) in \(use) is compiled")
      } catch let error as GraphError {
        let text = error.description
        #expect(text.contains("WrongAnswerTests.swift:"), "\(mistake) in \(use): \(text)")
        // In the body of a scan the operand has another name, and a path that ends there ends at the scan.
        if use == .plain || use == .forward {
          #expect(error.kind == kind, "\(mistake) in \(use): \(error.kind), \(text)")
          #expect(text.contains(sentence), "\(mistake) in \(use): \(text)")
          #expect(text.contains("wrongGate"), "\(mistake) in \(use): \(text)")
          #expect(text.contains("WrongAnswerTests.swift:"), "\(mistake) in \(use): \(text)")
        }
      }
    }
  }

  @Test(arguments: failures.indices, [1, 2]) func `a wrong answer to a worker ends the run`(row: Int, width: Int) throws
  {
    let (mistake, sentence) = Self.failures[row]
    for use in [Use.plain, .scan] {
      if mistake == .typeOfOtherKernel, use == .scan { continue }  // which has one type
      let (program, x, line) = try compile(mistake, use)
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.write([1, 2, 3, 4] as [Float], to: x)
      for _ in 0..<2 {
        let error = #expect(throws: SessionError.self) { try session.step() }
        guard case .gateFailed(let node, let gate, let cause) = error else {
          Issue.record("\(mistake) in \(use): \(String(describing: error))")
          continue
        }
        #expect("\(cause)".contains(sentence), "\(mistake) in \(use): \(cause)")
        // Of a scan's body the cause names the node.
        #expect("\(gate) \(cause)".contains("wrongGate"), "\(mistake) in \(use): \(gate), \(cause)")
        #expect(
          "\(node) \(cause)".contains("WrongAnswerTests.swift:\(line)"), "\(mistake) in \(use): \(node), \(cause)")
      }
    }
  }

  @Test func `the gate without a mistake does what it should, folded and not`() throws {
    for use in Use.allCases {
      let (program, x, _) = try compile(.none, use)
      let session = program.makeSession()
      try session.write([1, 2, 3, 4] as [Float], to: x)
      try session.forward()
    }
    let graph = Graph()
    let folded = graph.apply(WrongGate(mistake: .none), to: [graph.constant(3, [4])])
    let session = try Program(folded).makeSession()
    try session.forward()
    #expect(try session.read(folded, as: Float.self) == [3, 3, 3, 3])
  }

  @Test func `constants are not folded by a kernel that writes nothing`() throws {
    let graph = Graph()
    let bad = graph.apply(WrongGate(mistake: .writesHalf), to: [graph.constant(3, [4])])
    let session = try Program(bad).makeSession()
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("the kernel does not write element 2") == true)
  }

  @Test func `a value that looks unwritten is no mistake`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let y = graph.apply(WrongGate(mistake: .none), to: [x])
    let session = try Program(y).makeSession()
    let patterns = [0xA5A5_A5A5, 0x5A5A_5A5A, 0, 0xA5A5_A5A5].map { Float(bitPattern: $0) }
    for _ in 0..<2 {
      try session.write(patterns, to: x)
      try session.forward()
      #expect(try session.read(y, as: Float.self).map(\.bitPattern) == patterns.map(\.bitPattern))
    }
  }

  @Test func `an elementwise gate whose shape rule does not go with its operands ends the run`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let y = graph.apply(Narrow(), to: [x]); let line = #line
    let session = try Program(y).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: x)
    let error = #expect(throws: SessionError.self) { try session.forward() }
    #expect(error?.description.contains("the gate narrow of") == true)
    #expect(error?.description.contains("WrongAnswerTests.swift:\(line)") == true)
    #expect(error?.description.contains("says [3] of an operand of shape [4]") == true)
  }

  @Test(arguments: [
    ([2], "axis 2 does not exist"), ([-3], "axis -3 does not exist"), ([0, -2], "axis -2 is named twice"),
  ])
  func `a gate along axes that are not there is a GraphError`(axes: [Int], sentence: String) {
    let graph = Graph()
    let y = graph.apply(Along(axes: axes), to: [graph.input("x", [2, 3])])
    let error = #expect(throws: GraphError.self) { try Program(y) }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.description.hasPrefix("along at AdjointTests/WrongAnswerTests.swift:") == true)
    #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "no error")")
  }

  // MARK: calls

  private typealias CallMistake = WrongCall.Mistake

  private static let callRefusals: [(CallMistake, String)] = [
    (.noPart, "can be divided into 0 parts; at least 1"), (.negativeParts, "can be divided into -3 parts"),
    (.tooManyParts, "2^48 are the most"), (.stepZero, "is cut at multiples of 0"),
    (.stepNegative, "is cut at multiples of -8"), (.countZero, "makes 0 of 2 parts"),
    (.countNegative, "makes -2 of 2 parts"), (.countHigher, "makes 3 of 2 parts"),
    (.costNaN, "costs nan ns"), (.costNegative, "costs -1.0 ns"), (.costInfinite, "costs inf ns"),
    (.readsBeyond, "reads elements 0..<65 of operand 0, which has 64"),
    (.readsBefore, "reads elements -1..<64 of operand 0, which has 64"),
    (.partReadsMore, "part 32..<64 of its kernel call reads elements 32..<65 of operand 0"),
    (.writesLess, "writes elements 0..<63 of a result of 64"),
    (.writesBeyond, "writes elements 0..<65 of a result of 64"),
    (.partsOverlap, "in 2 parts: two parts write element 0"), (.partsLeaveGap, "in 2 parts: no part writes element 0"),
    (.partsEndEarly, "in 2 parts writes elements 0..<63 of a result of 64"),
    (.partsUnsaid, "does not say which elements each of 2 parts writes"),
  ]

  private static let callFailures: [(CallMistake, String)] = [
    (.throwing, "it refuses"), (.writesNothing, "the kernel does not write element"),
    (.partWritesHalf, "the kernel does not write element"),
    (.spoilsOperand, "may be written over operand 0, and element 2 comes out different there"),
  ]

  @Test func `every mistake of a call has its row`() {
    #expect(
      Set(Self.callRefusals.map(\.0) + Self.callFailures.map(\.0)) == Set(CallMistake.allCases).subtracting([.none]))
  }

  private func program(_ mistake: CallMistake, inScan: Bool) throws -> (program: Program, x: Node, y: Node, line: Int) {
    let graph = Graph()
    let x = graph.input("x", [8, 8])
    func call(_ x: Node) -> Node { graph.apply(WrongCallGate(mistake: mistake), to: [x]) }; let line = #line
    let y =
      inScan
      ? graph.scan(over: [graph.constant(0, [2, 8, 8])], from: [x]) { state, element in
        (state: [call(state[0] + element[0])], outputs: [])
      }.state[0] : call(tanh(x)).sum()
    return (try Program(y), x, y, line)
  }

  @Test(arguments: callRefusals.indices, [false, true])
  func `a call that says what cannot be is a GraphError`(row: Int, inScan: Bool) throws {
    let (mistake, sentence) = Self.callRefusals[row]
    let error = #expect(throws: GraphError.self) { try program(mistake, inScan: inScan) }
    #expect(error?.kind == .wrongKernelCall)
    let text = error?.description ?? "no error"
    #expect(text.contains(sentence), "\(mistake): \(text)")
    #expect(text.hasPrefix("wrongCallGate at AdjointTests/WrongAnswerTests.swift:"), "\(mistake): \(text)")
  }

  @Test(arguments: callFailures.indices, [1, 2]) func `a call that does other than it says ends the run`(
    row: Int, width: Int
  ) throws {
    let (mistake, sentence) = Self.callFailures[row]
    for inScan in [false, true] where !inScan || mistake != .spoilsOperand {
      let (program, x, _, line) = try program(mistake, inScan: inScan)
      let session = program.makeSession(on: try GraphExecutor(width: width))
      try session.write((0..<64).map { Float($0) / 64 }, to: x)
      for _ in 0..<2 {
        let error = #expect(throws: SessionError.self) { try session.forward() }
        let text = error?.description ?? "no error"
        #expect(text.contains(sentence), "\(mistake): \(text)")
        #expect(text.contains("wrongCallGate"), "\(mistake): \(text)")
        #expect(text.contains("WrongAnswerTests.swift:\(line)"), "\(mistake): \(text)")
      }
    }
  }

  @Test func `the call without a mistake is shared out and runs`() throws {
    for inScan in [false, true] {
      let (program, x, y, _) = try program(.none, inScan: inScan)
      let session = program.makeSession(on: try GraphExecutor(width: 2))
      for _ in 0..<3 {
        try session.write([Float](repeating: 0.5, count: 64), to: x)
        try session.forward()
        let values = try session.read(y, as: Float.self)
        #expect(inScan ? values == [Float](repeating: 0.5, count: 64) : values[0] > 29)
      }
    }
  }
}

/// A copy that names axes.
private struct Along: AxisGate {
  static let name = "along"
  let axes: [Int]
  func along(_ axes: [Int]) -> Along { Along(axes: axes) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel { .custom { _ = try $0.output(as: Float.self).update(from: $0.input(0, as: Float.self)) } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}

/// A shape rule that forgets an element.
private struct Narrow: ElementwiseGate {
  static let name = "narrow"
  func value(_ x: ElementOperands) -> Double { x[0] }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { [3] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [nil] }
}
