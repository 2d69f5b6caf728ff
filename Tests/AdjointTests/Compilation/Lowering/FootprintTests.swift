import AdjointTesting
import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// What a part of a kernel call says it reads and writes, against what it does: whoever reads a value waits for no other
/// parts, and memory passes from part to part.
@Suite(.timeLimit(.minutes(20))) struct FootprintTests {
  @Test(arguments: GateCatalog.all) func `a part keeps to its footprint, of every gate and its gradients`(
    gate: any SampledGate.Type
  ) throws {
    for sample in gate.samples {
      let graph = Graph()
      let operands = sample.operands.enumerated().map { position, operand in
        let value = operand.values(seed: 1, type: .float32)
        return graph.input("operand\(position)", value.shape, value.elementType)
      }
      let output = applied(sample.gate, to: operands, in: graph)
      try check([output], gradientsFor: try variables(of: output, among: operands), "\(sample)")
    }
  }

  @Test func `a part of a chain keeps to its footprint, views, splices and gathers among its operands`() throws {
    let graph = Graph()
    let x = graph.input("x", [6, 8]), row = graph.input("row", [8]), column = graph.input("column", [6, 1])
    let table = graph.input("table", [9, 8]), named = graph.input("named", [6], .int32), y = graph.input("y", [8, 6])
    let wide = graph.input("wide", [6, 20])
    let sums = tanh(x * row + column) - y.transposed() * wide.sliced(4..<12, axis: 1)
    let looked = sums * table.gatheringRows(named) + exp(x)
    let variables = [x, row, column, table, y, wide]
    try check([looked, sums.sum(axes: [-1])], gradientsFor: variables, "chain")
    let cube = graph.input("cube", [3, 4, 5])
    try check([cube.transposed([2, 0, 1]) * 2, cube.sum(axes: [1]) * 3], gradientsFor: [cube], "cube")
  }

  @Test(arguments: [[4_100], [5, 1_000]]) func `a part of a recurrence along a value keeps to its footprint`(
    shape: [Int]
  ) throws {
    let graph = Graph()
    let x = graph.input("x", Shape(shape)), one = graph.constant(1, Shape([1] + shape.dropFirst()))
    let y = (0..<4).reduce(x) { y, step in
      let shifted =
        step % 3 == 2 ? concatenate([y.sliced(1..<shape[0]), one]) : concatenate([one, y.sliced(0..<shape[0] - 1)])
      return 0.25 * (y + x * shifted) + square(shifted) * 0.125
    }
    try check([y], gradientsFor: [x], "\(shape)")
  }

  @Test(arguments: [
    ([16, 128], [128, 512]), ([130, 70], [70, 70]), ([3, 1, 40, 24], [2, 24, 90]), ([2, 300, 8], [8, 150]),
    ([70, 300], [300, 40]),
  ])
  func `a block of a product keeps to its footprint`(shapes: (a: [Int], b: [Int])) throws {
    let graph = Graph()
    let a = graph.input("a", Shape(shapes.a)), b = graph.input("b", Shape(shapes.b))
    let again = graph.input("again", Shape(shapes.a))
    try check([a.matmul(b) + again.matmul(b)], gradientsFor: [a, b, again], "\(shapes)")
  }

  @Test func `a product of few rows that sum over much is worked in two blocks of rows`() {
    let product = MatmulPlan(m: 16, n: 512, k: 128)
    #expect(product.blockCount % 2 == 0)
    let half = product.blockCount / 2
    #expect(product.elementsOfA(for: 0..<half) == 0..<8 * 128)
    #expect(product.elements(of: half..<2 * half) == 8 * 512..<16 * 512)
  }

  @Test func `a sum of many contributions keeps to its footprint`() throws {
    let graph = Graph()
    let terms = (0..<14).map { graph.input("x\($0)", [65]) }
    try check([graph.apply(Accumulate(), to: terms)], gradientsFor: terms, "a sum")
  }

  @Test func `a long sum's leaves keep to their footprint`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 12_289])
    try check([exp(x).sum(axes: [1]), x.max(axes: [1])], gradientsFor: [x], "leaves")
  }

  @Test func `a footprint that is an element too short is noticed`() throws {
    let graph = Graph()
    let a = graph.input("a", [64, 40]), b = graph.input("b", [40, 64])
    let outputs = [a.matmul(b), tanh(a) * 2]
    for output in outputs {
      let plan = try Program(output).plan
      let step = plan.steps.last!
      guard case .kernel(let number, _) = step.work else {
        Issue.record("\(output.name) is no kernel call")
        continue
      }
      var harness = CallHarness(plan, step, plan.calls[number])
      #expect(try harness.violation() == nil)
      harness.elementsRead = { $0.elementsRead(of: $1, by: $2)?.dropLast() }
      #expect(try harness.violation()?.contains("reads more than it says") == true, "\(output.name)")
      harness = CallHarness(plan, step, plan.calls[number])
      harness.elementsWritten = { $0.elementsWritten(to: $1, by: $2)?.dropLast() }
      #expect(try harness.violation()?.contains("writes more than") == true, "\(output.name)")
    }
  }

  @Test func `a result that must not lie over its operand is noticed there`() throws {
    let graph = Graph()
    let a = graph.input("a", [48, 48]), b = graph.input("b", [48, 48]), c = graph.input("c", [48, 48])
    // Of several blocks: what is multiplied in one may be laid out before anything is written.
    let left = graph.input("left", [200, 200]), right = graph.input("right", [200, 200])
    for (output, operand) in [
      (left.matmul(right), 1), (graph.apply(Accumulate(), to: [a, b] + [Node](repeating: c, count: 12)), 13),
      (a.transposed(), 0),
    ] {
      var options = Program.Options()
      options.fusesElementwise = false
      let plan = try Program(output, options: options).plan
      let step = plan.steps.last!
      guard case .kernel(let number, _) = step.work else {
        Issue.record("\(output.name) is no kernel call")
        continue
      }
      var harness = CallHarness(plan, step, plan.calls[number])
      #expect(try harness.violationInPlace() == nil)
      harness.mayOverwrite = { $1 == operand && $2 == 0 }
      #expect(try harness.violationInPlace()?.contains("differs") == true, "\(output.name)")
    }
  }

  @Test func `what is computed around a block is named in whole vectors`() {
    var builder = ElementwiseChain.Builder(shape: [49_056])
    let x = builder.operand(.whole([49_056])), one = builder.operand(.rows(of: [49_056]))
    let doubled = builder.apply(.add, [x, x])
    let shifted = builder.splice([
      (one, .init(rows: 0..<1, start: 0, length: 1)), (doubled, .init(rows: 0..<49_055, start: 1, length: 1)),
    ])
    let product = builder.apply(.multiply, [doubled, shifted])
    let chain = builder.finish(outputs: [product])
    #expect(chain.elementsRead(of: x, for: 6_144..<12_288) == 6_128..<12_288)
    #expect(chain.elementsRead(of: x, for: 0..<6_144) == 0..<6_144)
  }

  @Test func `a part of a concatenation reads the inputs that it shows`() {
    let stack = ConcatenationPlan(inputs: [[2, 8], [3, 8], [1, 8]], axis: 0)
    #expect(stack.elementsRead(of: 0, for: 4..<20) == 4..<16)
    #expect(stack.elementsRead(of: 1, for: 4..<20) == 0..<4)
    #expect(stack.elementsRead(of: 2, for: 4..<20).isEmpty)
    let rows = ConcatenationPlan(inputs: [[2, 8], [2, 4]], axis: 1)
    #expect(rows.elementsRead(of: 1, for: 12..<24) == 4..<8)
    #expect(rows.elementsRead(of: 1, for: 4..<20) == 0..<8)
  }

  private func applied(_ gate: some Gate, to operands: [Node], in graph: Graph) -> Node {
    graph.apply(gate, to: operands)
  }

  /// Those that a gradient reaches.
  private func variables(of output: Node, among operands: [Node]) throws -> [Node] {
    guard output.elementType.isDifferentiable else { return [] }
    let floats = operands.filter { $0.elementType.isDifferentiable }
    let copy = output.graph.copy()
    let gradients = try copy.gradients(
      of: [copy.counterpart(of: output).sum()], withRespectTo: floats.map { copy.counterpart(of: $0) })
    return zip(floats, gradients).filter { $1 != nil }.map(\.0)
  }

  private func check(_ outputs: [Node], gradientsFor variables: [Node], _ subject: String) throws {
    for (fuses, packsAll) in [(true, false), (false, false), (true, true)] {
      var options = Program.Options()
      (options.fusesElementwise, options.packsAll) = (fuses, packsAll)
      let plan = try Program(outputs, gradientsFor: variables, options: options).plan
      for step in plan.steps {
        guard case .kernel(let number, _) = step.work, plan.calls[number].extent > 1 else { continue }
        let harness = CallHarness(plan, step, plan.calls[number])
        let violation = try harness.violation() ?? harness.violationInPlace()
        #expect(violation == nil, "\(subject), fused \(fuses), packed \(packsAll): \(violation ?? "")")
      }
    }
  }
}

extension CallHarness {
  /// A step of a plan, on seeded values. An integer is 0: a row or a class that there is.
  fileprivate init(_ plan: ProgramPlan, _ step: Step, _ call: any KernelCall) {
    func signature(_ place: Placement.Place) -> Signature {
      if place.isBuffer { return plan.placement.buffers[place.index].signature }
      return Signature(elementType: place.isDoubleSlot ? .float64 : .float32, shape: .scalar)
    }
    let operands = plan.operands[step.operands].map(signature)
    self.init(
      call, operands: operands, results: plan.operands[step.results].map(signature),
      values: operands.enumerated().map { position, operand in
        var random = SeededGenerator(seed: UInt64(position))
        let values = (0..<operand.shape.elementCount).map { _ in 0.1 + Double(random.next() % 1_000) / 1_000 }
        return operand.elementType == .int32 ? values.map { _ in 0 } : values
      })
  }
}
