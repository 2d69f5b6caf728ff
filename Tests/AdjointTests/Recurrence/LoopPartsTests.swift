import DependencyScheduling
import Testing

@testable import Adjoint

/// Loops in parts: of a batch whose rows do not meet each part takes some through all steps.
@Suite(.timeLimit(.minutes(20))) struct LoopPartsTests {
  /// What a loop does with its rows, and into how many parts it may be divided.
  enum Body: String, CaseIterable, Sendable {
    /// Elementwise, and so independent in any axis.
    case elements
    /// A product with weights, of as many rows as are two blocks of it.
    case product
    /// Weights that differ from step to step, whose memory the states could take.
    case otherWeights
    /// Each row takes the mean of all.
    case meanOfRows
    /// Rows and columns are exchanged.
    case turned
    /// Sums along the rows' axis.
    case running
    /// Elements are drawn in fours, and half of them are not a multiple of four.
    case dropped

    var parts: Int {
      switch self {
      case .elements: 8
      case .product: 2
      case .otherWeights, .meanOfRows, .turned, .running, .dropped: 1
      }
    }
    var state: Shape {
      switch self {
      case .elements: [64, 1_024]
      case .product: [16, 256]
      case .dropped: [2, 65_538]
      case .otherWeights, .meanOfRows, .turned, .running: [128, 128]
      }
    }
    var length: Int { self == .elements || self == .product ? 16 : 12 }

    func step(_ state: Node, _ x: Node, _ weights: Node) -> Node {
      switch self {
      case .elements: tanh(state * 0.5 + x)
      case .product: tanh(state.matmul(weights) + x)
      case .otherWeights: tanh(state.matmul(x))
      case .meanOfRows: tanh(state.matmul(weights) + x - state.mean(axes: [0]))
      case .turned: tanh(state.matmul(weights) + x * state.transposed())
      case .running: tanh(state.matmul(weights) + (x + state).cumulativeSum(axis: 0))
      case .dropped:
        tanh(dropout(state * 0.5 + x, rate: 0.25, step: x.graph.constant(1, [], .int32), seed: 3))
      }
    }

    func program(_ division: Division?, isReversed: Bool) throws -> (program: Program, inputs: [Node], outputs: [Node])
    {
      let graph = Graph()
      let x = graph.input("x", Shape([length] + state.dimensions)), start = graph.input("start", state)
      let weights = graph.input("weights", [state[1], state[1]])
      let run = graph.scan(over: 0.25 * x, from: start, reversed: isReversed) { state, element in
        let next = step(state, element, weights)
        return (next, next)
      }
      var options = Program.Options()
      options.measuresCosts = false
      options.division = division
      let inputs = [x, start, weights].filter { isRead($0) }
      let loss = square(run.outputs).mean() + run.state.sum()
      let program = try Program(loss, gradientsFor: inputs, alsoComputing: [run.outputs], options: options)
      return (program, inputs, [loss, run.outputs])
    }

    private func isRead(_ input: Node) -> Bool {
      input.name != "weights" || self != .elements && self != .otherWeights && self != .dropped
    }
  }

  private static let whole = Division(part: .infinity, followingPart: .infinity)

  private func loops(_ program: Program) -> [LoopPlan] { program.plan.calls.compactMap { $0 as? LoopPlan } }

  @Test(arguments: Body.allCases) func `a loop is divided if no row reads of another`(body: Body) throws {
    let loops = loops(try body.program(nil, isReversed: false).program)
    #expect(loops.count == 2)
    // Backward the weights of a step are read behind what could take their memory, so that it does not.
    for loop in loops.prefix(body == .otherWeights ? 1 : 2) {
      #expect(loop.extent == body.parts, "\(body): \(loop.plan.calls)")
    }
  }

  @Test(arguments: Body.allCases, [false, true]) func `a loop has the same bits however it is divided`(
    body: Body, isReversed: Bool
  ) throws {
    func results(_ division: Division?, width: Int) throws -> [[Float]] {
      let (program, inputs, outputs) = try body.program(division, isReversed: isReversed)
      let session = program.makeSession(on: try GraphExecutor(width: width))
      for (number, input) in inputs.enumerated() {
        let scale: Float = input.name == "weights" ? 0.1 : 1
        try session.write(
          ScanForm.numbers(input.shape.elementCount, seed: number).map { scale * Float($0) }, to: input)
      }
      // The second step finds what the first has left.
      try session.step()
      try session.step()
      return try outputs.map { try session.read($0, as: Float.self) }
        + inputs.map { try session.gradient(of: $0, as: Float.self) }
    }
    let expected = try results(Self.whole, width: 1)
    #expect(expected.allSatisfy { $0.contains { $0 != 0 } })
    for (division, width) in [(nil, 2), (Division.finest, 1), (Division.finest, 4)] as [(Division?, Int)] {
      let divided = try results(division, width: width)
      for (number, (result, value)) in zip(divided, expected).enumerated() {
        #expect(result == value, "result \(number) at width \(width)")
      }
    }
  }

  @Test func `parts have steps of their own`() throws {
    let program = try Body.product.program(nil, isReversed: false).program
    let numbers = program.plan.calls.indices.filter { program.plan.calls[$0] is LoopPlan }
    for number in numbers {
      let ranges = program.plan.steps.compactMap { step -> Range<Int>? in
        if case .kernel(number, let range) = step.work { range } else { nil }
      }
      #expect(ranges == [0..<1, 1..<2])
    }
  }
}
