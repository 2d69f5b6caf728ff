import AdjointTesting
import DependencyScheduling
import struct Kernels.MatmulPlan
import Testing

@testable import Adjoint

/// Matrices that are packed once for all products that read them: where they are, what that takes, and that no bit
/// changes. ``RewriteLawTests`` has it on numbers of all kinds.
@Suite(.timeLimit(.minutes(20)), .enabled(if: MatmulPlan.areProductsOurs)) struct PackOperandsTests {
  private static func options(_ change: (inout Program.Options) -> Void = { _ in }) -> Program.Options {
    var options = Program.Options()
    options.measuresCosts = false
    change(&options)
    return options
  }

  /// The descriptions of the calls that compute `outputs`.
  private func calls(
    _ outputs: [Node], gradientsFor variables: [Node] = [], _ change: (inout Program.Options) -> Void = { _ in }
  ) throws -> [String] {
    try Program(outputs, gradientsFor: variables, options: Self.options(change)).plan.calls.map(\.description)
  }

  private func count(_ calls: [String], _ beginning: String) -> Int { calls.count { $0.hasPrefix(beginning) } }

  /// `count` products of 16 rows with one matrix, [128, 512] as it is stored.
  private struct Products {
    let graph = Graph()
    let w: Node, rows: [Node], outputs: [Node]

    init(_ count: Int, rows: Int = 16, transposed: Bool = true, _ type: ElementType = .float32) {
      let w = graph.input("w", transposed ? [128, 512] : [512, 128], type), graph = graph
      self.w = w
      let inputs = (0..<count).map { graph.input("x\($0)", [rows, 512], type) }
      self.rows = inputs
      outputs = inputs.map { $0.matmul(transposed ? w.transposed() : w) }
    }
  }

  // MARK: where it pays

  @Test func `a transposed matrix of several products is packed once, before the first of them`() throws {
    let model = Products(8)
    let calls = try calls(model.outputs)
    #expect(calls.first == "packing of 8" && count(calls, "packing") == 1)
    #expect(calls.count { $0.contains(" of panels") } == 8)
    #expect(count(try self.calls(model.outputs) { $0.leftOut = [.packOperands] }, "packing") == 0)
    let explanation = try Program(model.outputs, options: Self.options()).explanation
    #expect(explanation.contains("packing of 8, ") && explanation.contains("w [65536] float32 in buffer"))
  }

  @Test func `backward reads what forward has packed`() throws {
    // The second derivative multiplies by the transposed matrix as the value does.
    let model = Products(4)
    let loss = square(concatenate(model.outputs)).sum()
    let slope = try #require(try model.graph.gradients(of: [loss], withRespectTo: [model.rows[0]])[0])
    let program = try Program(square(slope).sum() + loss, gradientsFor: model.rows, options: Self.options())
    let calls = program.plan.calls.map(\.description)
    #expect(count(calls, "packing of 8") == 1)
    let readers = program.plan.steps.indices.filter { step in
      guard case .kernel(let call, _) = program.plan.steps[step].work else { return false }
      return program.plan.calls[call].description.contains(" of panels")
    }
    let forwardSteps = program.plan.unitStarts[program.plan.forwardUnitCount]
    #expect(readers.contains { $0 < forwardSteps } && readers.contains { $0 >= forwardSteps }, "\(calls)")
  }

  @Test func `what is read once, on the left, or where it lies is not packed`() throws {
    #expect(count(try calls(Products(1, rows: 128).outputs), "packing") == 0)
    #expect(count(try calls(Products(8, transposed: false).outputs), "packing") == 0)
    let graph = Graph()
    let a = graph.input("a", [512, 64])
    let left = (0..<8).map { a.transposed().matmul(graph.input("b\($0)", [512, 32])) }
    #expect(count(try calls(left), "packing") == 0)
    // Of eight columns the left matrix is laid out, and not the right one.
    let narrow = graph.input("narrow", [8, 512])
    let ofNarrow = (0..<8).map { graph.input("n\($0)", [64, 512]).matmul(narrow.transposed()) }
    #expect(count(try calls(ofNarrow), "packing") == 0)
    // Matrices that differ from one of a batch to the next.
    let batch = graph.input("batch", [4, 64, 128])
    let scores = (0..<8).map { graph.input("q\($0)", [4, 16, 128]).matmul(batch.transposed([0, 2, 1])) }
    #expect(count(try calls(scores), "packing") == 0)
  }

  @Test func `many rows of one product are as many readers`() throws {
    #expect(count(try calls(Products(1, rows: 1_024).outputs), "packing") == 1)
    let graph = Graph()
    // A matrix that lies as it is used is laid out by the product, if at all.
    let far = graph.input("far", [600, 600])
    #expect(count(try calls([graph.input("x", [1_024, 600]).matmul(far)]), "packing") == 0)
    // Not at any price.
    let large = graph.input("large", [4_096, 2_048])
    let products = (0..<4).map { graph.input("l\($0)", [1, 2_048]).matmul(large.transposed()) }
    #expect(count(try calls(products), "packing") == 0)
  }

  @Test func `a program that computes values again for want of memory packs nothing`() throws {
    let model = Products(8)
    let graph = model.graph
    let hidden = graph.scope("block") {
      let inner = tanh(concatenate(model.outputs) * 0.1)
      return tanh(exp(inner) * inner)
    }
    let loss = square(tanh(hidden)).sum()
    #expect(count(try calls([loss], gradientsFor: [model.w]), "packing") == 1)
    #expect(count(try calls([loss], gradientsFor: [model.w]) { $0.checkpointedScopes = ["block"] }, "packing") == 0)
  }

  // MARK: loops

  /// A recurrence with a transposed matrix.
  private struct Recurrence {
    let graph = Graph()
    let x: Node, w: Node, states: Node, state: Node

    /// - Parameter weights: what the steps read in the place of w.
    init(steps: Int = 12, units: Int = 48, _ type: ElementType = .float32, weights: (Node) -> Node = { $0 }) {
      let x = graph.input("x", [steps, 4, units], type), w = graph.input("w", [units, units], type)
      // The body has a constant of its own beside the panels.
      let read = weights(w), scale = graph.constant(doubles: (0..<units).map { 0.5 + Double($0 % 5) }, [units], type)
      let run = graph.scan(over: x, from: graph.constant(0, [4, units], type)) { state, element in
        let next = tanh(state.graph.apply(Matmul(transposeB: true), to: [state, read]) + element * scale)
        return (state: next, output: next)
      }
      (self.x, self.w, states, state) = (x, w, run.outputs, run.state)
    }
  }

  private func bodies(_ program: Program) -> [[String]] {
    program.plan.calls.compactMap { $0 as? LoopPlan }.map { $0.plan.calls.map(\.description) }
  }

  @Test func `a matrix that is the same in every step is packed before the loop, once for all that read it`() throws {
    let model = Recurrence()
    let after = model.state.matmul(model.w.transposed())
    let program = try Program([after, model.states], options: Self.options())
    let calls = program.plan.calls.map(\.description)
    let packing = try #require(calls.firstIndex(of: "packing of 3"))
    let loop = try #require(calls.firstIndex { $0.hasPrefix("loop") })
    #expect(packing < loop && count(calls, "packing") == 1 && count(calls, "matmul of panels") == 1, "\(calls)")
    #expect(bodies(program) == [["product of panels and chain of 1"]])
    #expect(program.explanation.contains("packing of 3"))
    // One step is as good as a product.
    #expect(count(try self.calls([Recurrence(steps: 1).states]), "packing") == 0)
  }

  @Test func `a loop within a loop reads what was packed before both`() throws {
    let graph = Graph()
    let x = graph.input("x", [5, 7, 4, 48]), w = graph.input("w", [48, 48])
    let run = graph.scan(over: x, from: graph.constant(0, [4, 48])) { state, sequence in
      let inner = graph.scan(over: sequence, from: state) { state, element in
        let next = tanh(graph.apply(Matmul(transposeB: true), to: [state, w]) + element)
        return (state: next, output: next)
      }
      return (state: inner.state, output: inner.outputs)
    }
    let calls = try calls([run.outputs, run.state])
    #expect(count(calls, "packing of 3") == 1 && calls.count { $0.hasPrefix("loop") } == 1)
  }

  @Test func `a loop reads panels, and constants of its body's`() throws {
    let graph = Graph()
    let x = graph.input("x", [9, 4, 48]), w = graph.input("w", [48, 48])
    let run = graph.scan(over: x, from: graph.constant(0, [4, 48])) { state, element in
      // One number, repeated, which no chain reads.
      let wide = concatenate([state, graph.constant(0.5, [4, 3])], axis: 1).sum(axes: [1], keepsAxes: true)
      let next = tanh(graph.apply(Matmul(transposeB: true), to: [state, w]) + wide + element)
      return (state: next, output: next)
    }
    #expect(count(try calls([run.outputs]), "packing of 3") == 1)
    try expectSameBits([run.outputs], feeding: [x, w], "a constant beside panels")
  }

  @Test(arguments: [4, 48])
  func `a matrix that each step has another of is not packed before the loop`(rows: Int) throws {
    let graph = Graph()
    let x = graph.input("x", [12, 48, 48])
    let run = graph.scan(over: x, from: graph.constant(0, [rows, 48])) { state, element in
      let next = tanh(state.matmul(element.transposed()) + 1)
      return (state: next, output: next)
    }
    #expect(count(try calls([run.outputs]), "packing") == 0)
    try expectSameBits([run.outputs], feeding: [x], "a matrix of each step")
  }

  // MARK: bits

  /// All values and gradients of a program, at a width and in a division.
  private func results(
    _ outputs: [Node], _ variables: [Node], feeding inputs: [Node], _ width: Int,
    _ change: (inout Program.Options) -> Void
  ) throws -> [ReferenceTensor] {
    let program = try Program(outputs, gradientsFor: variables, options: Self.options(change))
    let session = program.makeSession(on: try GraphExecutor(width: width, sharing: width > 1 ? .always : .automatic))
    for (turn, input) in inputs.enumerated() {
      let values = RewriteLawTests.Specials.ordinary(input.shape, turn: turn)
      do {
        try session.write(ReferenceTensor(input.shape, input.elementType, values), to: input)
      } catch SessionError.notInProgram {}
    }
    for output in outputs where output.shape != .scalar && !variables.isEmpty {
      let values = RewriteLawTests.Specials.ordinary(output.shape, turn: 5)
      do {
        try session.writeUpstream(ReferenceTensor(output.shape, output.elementType, values), of: output)
      } catch SessionError.notInProgram {}
    }
    // The second run finds what the first has left.
    for _ in 0..<2 { if variables.isEmpty { try session.forward() } else { try session.step() } }
    return try outputs.map { try session.referenceValue(of: $0) }
      + variables.map { try session.referenceGradient(of: $0) }
  }

  private func expectSameBits(
    _ outputs: [Node], _ variables: [Node] = [], feeding inputs: [Node]? = nil, _ name: String
  ) throws {
    let inputs = inputs ?? variables
    let expected = try results(outputs, variables, feeding: inputs, 1) { $0.leftOut = [.packOperands] }
    for (width, division, packsAll) in [
      (1, nil, false), (1, nil, true), (2, Division.finest, true), (3, Division.fine, false),
    ] as [(Int, Division?, Bool)] {
      let packed = try results(outputs, variables, feeding: inputs, width) {
        ($0.division, $0.packsAll) = (division, packsAll)
      }
      for (number, (result, value)) in zip(packed, expected).enumerated() {
        let difference = result.firstDifference(from: value)
        #expect(difference == nil, "\(name), result \(number), width \(width), all \(packsAll): \(difference ?? "")")
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `products of panels, values and derivatives, are the same bits`(
    type: ElementType
  ) throws {
    for model in [Products(6, type), Products(1, rows: 200, type), Products(3, rows: 1, transposed: false, type)] {
      try expectSameBits(model.outputs, model.rows + [model.w], "products")
      let loss = square(concatenate(model.outputs)).sum()
      let slopes = try model.graph.gradients(of: [loss], withRespectTo: [model.rows[0], model.w]).map { $0! }
      try expectSameBits([square(slopes[0]).sum() + square(slopes[1]).sum()], model.rows + [model.w], "slopes")
    }
  }

  @Test(arguments: [ElementType.float32, .float64]) func `so are recurrences`(type: ElementType) throws {
    let twice: (Node) -> Node = { ($0 * 2).reshaped([24, 96]).reshaped([48, 48]) }
    for model in [Recurrence(type), Recurrence(type, weights: twice), Recurrence(steps: 3, units: 16, type)] {
      try expectSameBits([model.states, model.state], [model.x, model.w], "recurrence")
      let loss = square(model.states).sum() + model.state.sum()
      let slopes = try model.graph.gradients(of: [loss], withRespectTo: [model.x, model.w]).map { $0! }
      try expectSameBits([square(slopes[0]).sum() + square(slopes[1]).sum()], [model.w, model.x], "its slopes")
    }
  }

  /// Whatever has a product in it, forward and backward, with every right matrix packed.
  @Test(arguments: [ElementType.float32, .float64]) func `every gate of the catalogue has the same bits`(
    type: ElementType
  ) throws {
    var packings = 0
    for gate in GateCatalog.all {
      for sample in gate.samples {
        let applied = SampleGraph(sample, type)
        guard applied.hasGradients, applied.output.elementType.hasArithmetic else { continue }
        let variables = applied.differentiable.map { applied.operands[$0] }
          .filter { (try? Program(applied.output, gradientsFor: [$0])) != nil }
        func results(_ change: (inout Program.Options) -> Void) throws -> [ReferenceTensor] {
          let program = try Program(
            [applied.output], gradientsFor: variables, options: Self.options(change))
          packings += program.plan.calls.count { $0.description.hasPrefix("packing") }
          let session = program.makeSession(on: try GraphExecutor(width: 1))
          for (node, value) in applied.values {
            do { try session.write(value, to: node) } catch SessionError.notInProgram {}
          }
          do {
            let ones = ReferenceTensor(applied.output.shape, applied.output.elementType) { _ in 1 }
            if applied.output.shape != .scalar { try session.writeUpstream(ones, of: applied.output) }
          } catch SessionError.notInProgram {}
          if variables.isEmpty { try session.forward() } else { try session.step() }
          return try [session.referenceValue(of: applied.output)]
            + variables.map { try session.referenceGradient(of: $0) }
        }
        let expected = try results { $0.leftOut = [.packOperands] }
        for (result, value) in zip(try results { $0.packsAll = true }, expected) {
          let difference = result.firstDifference(from: value)
          #expect(difference == nil, "\(gate.name): \(difference ?? "")")
        }
      }
    }
    #expect(packings > 10)
  }

  @Test func `an infinite product of panels is found, and not the panels`() throws {
    let model = Products(8)
    let product = model.outputs[3].named("product")
    let session = try Program(model.outputs, options: Self.options()).makeSession()
    #expect(count(session.program.plan.calls.map(\.description), "packing") == 1)
    for (number, row) in model.rows.enumerated() {
      try session.write([Float](repeating: number == 3 ? 3e38 : 1, count: 16 * 512), to: row)
    }
    try session.write([Float](repeating: 1, count: 128 * 512), to: model.w)
    let found = try #require(try session.firstNonFinite(includingInfinity: true))
    #expect(found.nodeName == product.name && found.value == .infinity)
  }

  // MARK: memory

  @Test func `panels take memory within a run, as much as the matrix`() throws {
    let model = Products(8)
    let (packed, plain) = (
      try Program(model.outputs, options: Self.options()),
      try Program(model.outputs, options: Self.options { $0.leftOut = [.packOperands] })
    )
    let panels = packed.plan.placement.buffers.filter { $0.signature.shape == [128 * 512] }
    #expect(panels.count == 1 && panels[0].lifetime == .transient)
    #expect(packed.sessionBytes - plain.sessionBytes == 128 * 512 * 4)
  }

  @Test func `a constant is packed by the program, and kept as panels alone`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 512]), elements = RewriteLawTests.Specials.ordinary([120, 512], turn: 1)
    let w = graph.constant(elements.map { Float($0) }, [120, 512])
    let y = x.matmul(w.transposed())
    let program = try Program(y, options: Self.options())
    #expect(program.plan.calls.map(\.description) == ["matmul of panels of 1"])
    #expect(program.plan.placement.constants.map(\.elementCount) == [128 * 512])
    try expectSameBits([y], feeding: [x], "a constant")
    // Read as it is besides, it lies there as well, and so it does where a result shows it.
    let z = graph.input("z", [120, 512])
    for other in [w + z, w] {
      let both = try Program([y, other], options: Self.options())
      #expect(both.plan.placement.constants.map(\.elementCount).sorted() == [120 * 512, 128 * 512])
      try expectSameBits([y, other], feeding: [x, z], "a constant read twice")
    }
    // A loop has it as an operand.
    let xs = graph.input("xs", [9, 4, 512])
    let run = graph.scan(over: xs, from: graph.constant(0, [4, 120])) { state, element in
      let next = tanh(element.matmul(w.transposed()) + state)
      return (state: next, output: next)
    }
    let looping = try Program(run.outputs, options: Self.options())
    #expect(count(looping.plan.calls.map(\.description), "packing") == 0)
    #expect(looping.plan.placement.constants.contains { $0.elementCount == 128 * 512 })
    try expectSameBits([run.outputs], feeding: [xs], "a constant in a loop")
  }
}
