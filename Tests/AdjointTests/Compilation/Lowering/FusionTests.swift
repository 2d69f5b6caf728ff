import AdjointTesting
import DependencyScheduling
import Foundation
import Testing

@testable import Adjoint

/// Fused chains, divided gates, products that add themselves to a sum and memory that is shared, against each gate done
/// by itself and against the definitions.
@Suite(.timeLimit(.minutes(20))) struct FusionTests {
  enum Model: String, CaseIterable, Sendable {
    case recurrent, attention, residual, branches, feedForward
  }

  struct Case {
    let graph = Graph()
    var inputs: [Node] = []
    var loss: Node!

    /// - Parameter isSmall: whether the reference engine has to get through it, too.
    init(_ model: Model, isSmall: Bool = false) {
      switch model {
      case .recurrent: recurrent()
      case .attention: attention()
      case .residual: isSmall ? residual(rows: 4, columns: 6) : residual(rows: 64, columns: 300)
      case .branches: branches()
      case .feedForward: isSmall ? feedForward(rows: 4, columns: 6) : feedForward(rows: 64, columns: 96)
      }
    }

    private mutating func input(_ name: String, _ shape: Shape) -> Node {
      inputs.append(graph.input(name, shape))
      return inputs.last!
    }

    /// Slices of one product, gates of one shape, and weights that every step reads.
    private mutating func recurrent() {
      let x = input("x", [5, 4, 3]), wx = input("wx", [3, 24]), wh = input("wh", [6, 24]), b = input("b", [24])
      var hidden = graph.constant(0, [4, 6]), cell = hidden
      for time in 0..<5 {
        let z = x.sliced(time..<time + 1).reshaped([4, 3]).matmul(wx) + b + hidden.matmul(wh)
        let gates = (0..<4).map { z.sliced($0 * 6..<($0 + 1) * 6, axis: 1) }
        cell = sigmoid(gates[1]) * cell + sigmoid(gates[0]) * tanh(gates[2])
        hidden = sigmoid(gates[3]) * tanh(cell)
      }
      loss = square(hidden).mean()
    }

    /// Transposes, batches, a softmax, and three products that add up to one gradient.
    private mutating func attention() {
      let x = input("x", [2, 6, 8])
      let weights = ["q", "k", "v"].map { input($0, [8, 8]) }
      let centred = x - x.mean(axes: [-1], keepsAxes: true)
      let normed = centred / sqrt(square(centred).mean(axes: [-1], keepsAxes: true) + 0.1)
      let heads = weights.map { normed.matmul($0).reshaped([2, 6, 2, 4]).transposed([0, 2, 1, 3]) }
      let scores = heads[0].matmul(heads[1].transposed([0, 1, 3, 2])) * 0.5
      loss = square(softmax(scores).matmul(heads[2])).sum()
    }

    /// Gates large enough to be divided among workers, and a value that is read again after its chain.
    private mutating func residual(rows: Int, columns: Int) {
      let x = input("x", [rows, columns]), w = input("w", [columns, columns]), b = input("b", [columns])
      let hidden = tanh(x.matmul(w) + b)
      let out = hidden * x + exp(-square(hidden)) + x.transposed().transposed()
      loss = out.mean() + hidden.sum() * 0.001
    }

    /// Cheap values that the backward pass reads: of one large value, of two, and behind a broadcast.
    private mutating func feedForward(rows: Int, columns: Int) {
      let x = input("x", [rows, columns]), w = input("w", [columns, columns]), b = input("b", [columns])
      let centred = x - x.mean(axes: [-1], keepsAxes: true)
      let hidden = centred.matmul(w) + b
      let cubic = hidden + 0.044715 * (hidden * square(hidden))
      let out = 0.5 * hidden * (1 + tanh(cubic)) + maximum(centred * b, hidden)
      loss = (square(out) * centred).mean()
    }

    /// Pieces of one value that overlap, that leave gaps, and that are all of it.
    private mutating func branches() {
      let x = input("x", [6, 10]), y = input("y", [10, 6])
      let apart = [x.sliced(0..<2), x.sliced(3..<5)], overlapping = [x.sliced(0..<4), x.sliced(2..<6)]
      let columns = (0..<5).map { x.sliced($0 * 2..<$0 * 2 + 2, axis: 1) }
      let sums = (apart + overlapping).map { (tanh($0) * $0).sum() } + columns.map { exp($0).mean() }
      loss = sums.reduce((x * y.transposed()).sum()) { $0 + $1 }
    }
  }

  private func values(_ inputs: [Node]) -> [Node: ReferenceTensor] {
    var random = SeededGenerator(seed: 7)
    return Dictionary(
      uniqueKeysWithValues: inputs.map { node in
        let elements = (0..<node.shape.elementCount).map { _ in
          Double(Float(Double(random.next() % 2000) / 1000 - 1))
        }
        return (node, ReferenceTensor(node.shape, node.elementType, elements))
      })
  }

  private func results(_ model: Case, _ options: Program.Options, width: Int) throws -> [[Double]] {
    let program = try Program(model.loss, gradientsFor: model.inputs, options: options)
    let session = program.makeSession(on: try GraphExecutor(width: width))
    for (node, value) in values(model.inputs) { try session.write(value, to: node) }
    var all: [[Double]] = []
    for _ in 0..<2 {
      try session.step()
      let gradients = try model.inputs.map { try session.referenceGradient(of: $0).values }
      all = try [session.referenceValue(of: model.loss).values] + gradients
    }
    return all
  }

  @Test(arguments: Model.allCases) func `no way of running changes a bit`(model: Model) throws {
    let model = Case(model)
    let expected = try results(model, Program.Options(), width: 1)
    for (fuses, reuses, unitWork, width) in [
      (true, true, CostModel.unit, 2), (true, false, CostModel.unit, 1), (false, true, CostModel.unit, 2),
      (false, false, CostModel.unit, 1), (true, true, 0, 3), (false, true, 0, 8),
    ] {
      var options = Program.Options(reusesBuffers: reuses)
      options.fusesElementwise = fuses
      options.unitWork = unitWork
      let computed = try results(model, options, width: width)
      #expect(computed == expected, "fused: \(fuses), memory shared: \(reuses), unit: \(unitWork), width \(width)")
    }
    for (reuses, division, width) in [(true, Division.finest, 2), (false, .finest, 3), (true, .fine, 8)] {
      var options = Program.Options(reusesBuffers: reuses)
      options.division = division
      let computed = try results(model, options, width: width)
      #expect(computed == expected, "memory shared: \(reuses), \(division), width \(width)")
    }
  }

  @Test(arguments: Model.allCases, [Accumulation.graphOrder, .arrivalOrder])
  func `values and gradients are those of the definitions`(model: Model, accumulation: Accumulation) throws {
    let model = Case(model, isSmall: true)
    let fed = values(model.inputs)
    let computed = try results(model, Program.Options(accumulation: accumulation), width: 2)
    let engine = ReferenceEngine(model.graph)
    let loss = try #require(try engine.run(feeding: fed)[model.loss])
    let gradients = try engine.gradients(of: [model.loss], withRespectTo: model.inputs, feeding: fed)
    for (result, expected) in zip(computed, [loss] + gradients.map { $0! }) {
      // A few dozen terms a sum, each within some ulps of about 1.
      let scale = expected.values.map(\.magnitude).max()!
      let worst = zip(result, expected.values).map { ($0 - $1).magnitude }.max()!
      #expect(worst <= 100 * 0x1p-23 * max(scale, 1))
    }
  }

  private func count(_ program: Program, where matches: (any KernelCall) -> Bool) -> Int {
    program.plan.calls.count(where: matches)
  }

  @Test func `a recurrent cell is one chain forward, and its weights' gradients are added up by the products`() throws {
    let model = Case(.recurrent)
    let program = try Program(model.loss, gradientsFor: Array(model.inputs[1...]))
    let forward = program.plan.steps[..<program.plan.unitStarts[program.plan.forwardUnitCount]]
    let chains = forward.count { step in
      if case .kernel(let call, _) = step.work { program.plan.calls[call] is any ChainedCall } else { false }
    }
    #expect(chains == 5)  // the cell of each step, the last one with the loss
    #expect(count(program) { $0 is ProductChainCall } >= 5)  // the sums of each step go on from a product
    #expect(count(program) { ($0 as? MatmulCall)?.isAdded == true } == 4 + 4)
    #expect(count(program) { $0 is PadCall } == 0)
    #expect(count(program) { $0 is SumOfPadsCall } == 5)
  }

  @Test func `a transpose of the last two axes is a flag of the product`() throws {
    let model = Case(.attention)
    let program = try Program(model.loss)
    // The three that part the heads remain.
    #expect(count(program) { $0 is MovementCall } == 3)
  }

  @Test func `a reduction of the last axes ends a chain`() throws {
    let graph = Graph()
    let x = graph.input("x", [7, 300]), y = graph.input("y", [7, 300])
    let product = x * y
    let rows = exp(product).mean(axes: [-1]), all = square(x - y).sum(), kept = tanh(x)
    let program = try Program([rows, all, kept, kept.max(axes: [1])])
    #expect(program.plan.calls.count == 3)
    #expect(program.plan.slots.isEmpty)
    #expect(count(program) { $0 is ChainReductionCall } == 3)

    var options = Program.Options()
    options.fusesElementwise = false
    let plain = try Program([rows, all, kept, kept.max(axes: [1])], options: options)
    let sessions = [program.makeSession(), plain.makeSession()]
    for session in sessions {
      for (node, value) in values([x, y]) { try session.write(value, to: node) }
      try session.forward()
    }
    for node in [rows, all, kept] {
      let results = try sessions.map { try $0.referenceValue(of: node).values }
      #expect(results[0] == results[1])
    }
  }

  @Test func `a view can be reduced, alone and beside what else is made of it`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 4])
    let slice = x.sliced(1..<3), transposed = x.transposed()
    let results = [
      slice.sum(axes: [1]), transposed.sum(axes: [1]), transposed.max(axes: [1]),
      (exp(slice) * 0 + slice).sum(axes: [1]) + slice.sum(axes: [1]),
    ]
    let session = try Program(results).makeSession()
    try session.write((1...12).map(Float.init), to: x)
    try session.forward()
    let expected: [[Float]] = [[26, 42], [15, 18, 21, 24], [9, 10, 11, 12], [52, 84]]
    for (result, value) in zip(results, expected) { #expect(try session.read(result, as: Float.self) == value) }
  }

  @Test(arguments: [[50_000], [3, 12_289], [2, 5_000, 2]])
  func `long rows are reduced in leaves that end a chain, to the same bits`(shape: [Int]) throws {
    let graph = Graph()
    let x = graph.input("x", Shape(shape))
    let axes = Array((shape.count == 1 ? 0 : 1)..<shape.count)
    let outputs = [exp(x).sum(axes: axes), x.max(axes: axes), tanh(x).mean(axes: axes)]
    let program = try Program(outputs, gradientsFor: [x])
    #expect(count(program) { $0 is ReductionCall } == 0)
    #expect(count(program) { ($0 as? LeafReductionCall)?.isJoin == true } == 3 + 1, "backward counts the largest")
    let largest = program.plan.slots.map(\.byteCount).max() ?? 0
    #expect(largest >= 4 * x.shape.elementCount, "the exponentials that backward reads are kept")
    #expect(try Program([outputs[0]]).plan.slots.allSatisfy { $0.byteCount < 4 * x.shape.elementCount })

    var options = Program.Options()
    options.fusesElementwise = false
    let plain = try Program(outputs, gradientsFor: [x], options: options)
    let sessions = try [1, 2, 3].map { try program.makeSession(on: GraphExecutor(width: $0)) } + [plain.makeSession()]
    let input = (0..<x.shape.elementCount).map { Float($0 * 7919 % 1000) / 500 - 1 }
    var results: [[[Float]]] = []
    for session in sessions {
      try session.write(input, to: x)
      for output in outputs where !output.shape.dimensions.isEmpty {
        try session.writeUpstream([Float](repeating: 1, count: output.shape.elementCount), of: output)
      }
      try session.step()
      results.append(
        try outputs.map { try session.read($0, as: Float.self) } + [session.gradient(of: x, as: Float.self)])
    }
    #expect(results.allSatisfy { $0 == results[0] })
    // Pairwise float sums of at most 50,000 terms are within 17 roundings, with 4 ulp for each exponential.
    for (row, sum) in results[0][0].enumerated() {
      let columns = input.count / results[0][0].count
      let terms = input[row * columns..<(row + 1) * columns].map { Foundation.exp(Double($0)) }
      let expected = terms.reduce(0, +)
      #expect(abs(Double(sum) - expected) <= 21 * 0x1p-24 * expected)
    }
  }

  @Test func `a value that only its chain reads has no memory`() throws {
    let graph = Graph()
    let x = graph.input("x", [1000])
    let program = try Program(tanh(exp(x) * 2 + square(x)))
    #expect(program.plan.slots.isEmpty)
    #expect(program.plan.steps.count == 1)
  }

  /// A value that many steps of a recurrence read.
  private func sharedFactor(_ count: Int, steps: Int) -> (x: Node, y: Node) {
    let graph = Graph()
    let x = graph.input("x", [count], .float64)
    return (x, (0..<steps).reduce(x) { y, _ in tanh(x * y + exp(-square(y))) })
  }

  @Test func `many contributions to a large gradient are added as they come, to the same bits`() throws {
    var results: [[UInt64]] = []
    for fuses in [true, false] {
      let (x, y) = sharedFactor(40_000, steps: 40)
      var options = Program.Options()
      options.fusesElementwise = fuses
      let program = try Program(y.sum(), gradientsFor: [x], options: options)
      let sums = program.plan.calls.count { $0 is AccumulateCall }
      #expect(fuses ? sums == 0 : sums > 0)
      let session = program.makeSession()
      try session.write((0..<40_000).map { Double($0 % 89) / 50 - 1 }, to: x)
      try session.step()
      results.append(try session.gradient(of: x, as: Double.self).map(\.bitPattern))
    }
    #expect(results[0] == results[1])
  }

  @Test func `what is cheap to compute again is not kept for the backward pass`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64]), w = graph.parameter("w", [64, 64]), b = graph.parameter("b", [64])
    let hidden = x.matmul(w) + b
    let out = (0.5 * hidden * (1 + tanh(hidden + square(hidden)))).matmul(w)
    let program = try Program(square(out).sum(), gradientsFor: [w, b])
    let forward = program.plan.steps[..<program.plan.unitStarts[program.plan.forwardUnitCount]]
    let chain = try #require(
      forward.first { if case .kernel(let call, _) = $0.work { program.plan.chainNodes[call] != nil } else { false } })
    // What the next product reads, and the tanh. The sum, its square, half of it and 1 + tanh are made twice.
    #expect(chain.results.count == 2)
  }

  @Test(arguments: Model.allCases, [1, 2])
  func `what a session takes is known before it is made`(model: Model, width: Int) throws {
    let model = Case(model)
    let program = try Program(model.loss, gradientsFor: model.inputs)
    let session = program.makeSession(on: try GraphExecutor(width: width))
    for (node, value) in values(model.inputs) { try session.write(value, to: node) }
    try session.step()
    #expect(session.memory.peak == program.sessionBytes)
    #expect(session.memory.allocated == program.sessionBytes)
    try session.step()
    #expect(session.memory.peak == program.sessionBytes)
  }
}
