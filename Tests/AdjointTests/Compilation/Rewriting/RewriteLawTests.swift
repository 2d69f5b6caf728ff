import AdjointTesting
import DependencyScheduling
import struct Kernels.MatmulPlan
import Testing

@testable import Adjoint

/// Every pass of the compiler against the program that is compiled without it: on signed zeros, infinities, NaNs, the
/// smallest and the largest numbers, values and gradients are the same bits.
@Suite(.timeLimit(.minutes(20))) struct RewriteLawTests {
  /// A program in which a pass finds something to do.
  struct Case {
    let graph = Graph()
    let type: ElementType
    var inputs: [Node] = []
    var outputs: [Node] = []
    var updates: [ParameterUpdate] = []

    init(_ pass: CompilerPass, _ type: ElementType) throws {
      self.type = type
      switch pass {
      case .foldConstants: constants()
      case .shareCommon: common()
      case .mergeScans: try scans()
      case .readOnceForAllSteps: repeatedElements()
      case .updateEarly: try momentum()
      case .shareNorms: norms()
      case .divideReductions: reductions(columns: 4 * LeafSize.length + 1)
      case .joinPads: pieces()
      case .foldTransposes, .addProducts: products()
      case .foldIntoSplices: splices()
      case .runningSums: sums()
      case .readRepeatedAsScalars: repeatedNumbers()
      case .recomputeForBackward: cheap()
      case .copyShownSources: shown()
      case .fuseElementwise: chains()
      case .packOperands: panels()
      case .fuseProducts: layers()
      }
    }

    /// As `LeafPlan` has it.
    private enum LeafSize { static let length = 4_096 }

    private mutating func input(_ shape: Shape) -> Node {
      inputs.append(graph.input("x\(inputs.count)", shape, type))
      return inputs.last!
    }

    private func constant(_ values: [Double], _ shape: Shape) -> Node {
      type == .float64 ? graph.constant(values, shape) : graph.constant(values.map { Float($0) }, shape)
    }

    /// Each exactly rounded gate of each pair of special constants, as scalars, as tensors and as one repeated value.
    private mutating func constants() {
      let specials = Specials.of(type)
      let pairs = specials.flatMap { a in specials.map { (a, $0) } }
      let a = constant(pairs.map(\.0), [pairs.count]), b = constant(pairs.map(\.1), [pairs.count])
      let x = input([pairs.count]), y = input([])
      func gates(_ a: Node, _ b: Node) -> [Node] {
        [
          a + b, a - b, a * b, a / b, maximum(a, b), minimum(a, b), -a, abs(a), square(a), sqrt(abs(a)), relu(a),
          sign(a), select(greater(a, b), a, b), select(equal(a, b), b, a), graph.apply(Accumulate(), to: [a, b, a]),
        ]
      }
      outputs = gates(a, b).map { x * $0 }
      for value in specials {
        let scalar = graph.constant(value, [], type), repeated = graph.constant(value, [3], type)
        outputs += gates(scalar, graph.constant(specials[1], [], type)).map { y * $0 }
        outputs += [1 / (y * -scalar), y / (repeated * 1), y * repeated.sum(), y / scalar.reshaped([1])]
        outputs += [1 / (y * repeated.mean()), 1 / (y * repeated.max()), y / -repeated.sum(axes: [0], keepsAxes: true)]
        outputs += [y * concatenate([repeated, -repeated]), y * repeated.reshaped([3, 1]).transposed()]
      }
    }

    /// Equal gates of equal and of nearly equal operands: zeros of both signs, operands the other way round, many
    /// readers.
    private mutating func common() {
      let x = input([]), y = input([]), t = input([17])
      for value in Specials.of(type) {
        let scalar = graph.constant(value, [], type), repeated = graph.constant(value, [17], type)
        outputs += [x / scalar, x * scalar + y, maximum(scalar, x), minimum(x, scalar), t / repeated, t * repeated]
      }
      outputs += [x - y, y - x, maximum(x, y), maximum(y, x), minimum(x, y), minimum(y, x), x / y, y / x, x / y]
      // A list of readers that is too long for one.
      for _ in 0..<2 {
        for number in 0..<12 {
          let factor = graph.constant(Double(number) - 6, [], type)
          outputs += [
            t * factor, select(t, factor, t), select(t, t, factor), graph.apply(Accumulate(), to: [t, t, t]),
          ]
        }
      }
      let shared = exp(t) * exp(t) + exp(t)
      outputs += [shared, shared.reshaped([1, 17])]
    }

    private mutating func scans() throws {
      let x = input([5, 3]), first = input([3])
      let run = graph.scan(over: x, from: first) { state, element in
        let next = maximum(state * element, element)
        return (state: next, output: next + element)
      }
      outputs = [run.outputs, run.state]
      // The same steps with sums over them, and with more values and sums.
      let packed = run.outputs.inputs[0]
      let scan = try #require(graph.withState { $0.storage.gate(of: packed.id) } as? Scan)
      let next = scan.body.next[0], output = scan.stacked[0]
      for other in [
        Scan(body: scan.body, stacked: [], sums: [output]),
        Scan(body: scan.body, stacked: [next, output], sums: [next, output]),
      ] {
        let packed = graph.apply(other, to: packed.inputs)
        outputs += other.parts.map { graph.apply($0, to: [packed]) }
      }
    }

    private mutating func repeatedElements() {
      let x = input([3]), y = input([1, 3]), z = input([]), w = input([9, 3]), first = input([3])
      let column = input([5, 1]).broadcast(to: [5, 3])  // of another number in each step
      let repeated = [x.broadcast(to: [5, 3]), y.broadcast(to: [5, 3]), z.broadcast(to: [7, 3]).sliced(1..<6)]
      let run = graph.scan(
        over: [repeated[0], w.sliced(2..<7)] + repeated.dropFirst() + [column], from: [first], reversed: true
      ) {
        state, element in
        // What no state is needed for is computed before the loop.
        let next = maximum(state[0] * element[0] + element[1], state[0] * element[4] + (element[2] - element[3]))
        return (state: [next], outputs: [next + element[3], state[0] - element[4]])
      }
      outputs = run.outputs + run.state
    }

    private mutating func momentum() throws {
      var x = input([2, 3])
      let weights = (0..<3).map { layer in
        let w = graph.parameter("w\(layer)", [3, 3], .uniform(-1...1, seed: UInt64(layer)), type)
        x = maximum(x.matmul(w), x)
        return w
      }
      outputs = [x.sum()]
      updates = try zip(weights, graph.gradients(of: outputs, withRespectTo: weights)).flatMap { w, gradient in
        let velocity = graph.parameter("velocity/\(w.name)", w.shape, .zeros, type)
        let next = velocity - gradient!
        return [ParameterUpdate(velocity, to: next), ParameterUpdate(w, to: w * next)]
      }
      inputs += graph.parameters
    }

    private mutating func norms() {
      let x = input([13, 13])
      outputs = [x.l2Norm(axes: [1]), x.l2Norm(axes: [0], keepsAxes: true), x.l2Norm()]
    }

    private mutating func reductions(columns: Int) {
      let x = input([2, columns])
      let outer = input([2, 2, columns / 2])
      outputs = [x.sum(axes: [1]), x.max(axes: [1]), x.mean(axes: [1]), (-x).max(axes: [1]), outer.sum(axes: [0, 2])]
    }

    /// Pieces of one value that leave no gap, some, and that lie in the wrong order.
    private mutating func pieces() {
      let x = input([13, 13]), y = input([13]), z = input([13]), overlapping = input([13])
      outputs = [
        x.sliced(0..<6), x.sliced(6..<13), y.sliced(9..<13), y.sliced(1..<4), z.sliced(0..<3), z.sliced(5..<9),
      ]
      outputs += [overlapping.sliced(0..<5), overlapping.sliced(4..<9)]
      // Pieces along different axes, in either order, and pieces that are cut along both.
      let rowsFirst = input([13, 13]), columnsFirst = input([13, 13]), corners = input([13, 13])
      outputs += [rowsFirst.sliced(9..<13), rowsFirst.sliced(0..<4, axis: 1)]
      outputs += [columnsFirst.sliced(0..<4, axis: 1), columnsFirst.sliced(9..<13)]
      outputs += [[0, 0], [7, 5]].map { starts in
        graph.apply(Slice(starts: starts, extents: [6, 3]), to: [corners])
      }
    }

    private mutating func products() {
      let x = input([13, 13]), w = input([13, 13]), v = input([13, 13])
      let a = x.matmul(w.transposed()), b = x.transposed().matmul(v), c = w.matmul(v)
      outputs = [graph.apply(Accumulate(), to: [w, a, b, c]), a.matmul(w), maximum(a, b).matmul(x.transposed())]
      // Products and a long sum whose operands nothing else reads: their memory is free for some results, not for all.
      // What only the second product of a gradient still reads.
      outputs += [x.matmul(w - v), x.matmul(w + v)]
      // Not folded: a product that a gate other than a sum reads, and a transpose of axes other than the last two.
      let g = v.matmul(x), batched = input([2, 2, 3, 3]), other = input([2, 2, 3, 3])
      outputs += [
        graph.apply(Accumulate(), to: [w, g]), g - x, batched.transposed([1, 0, 3, 2]).matmul(other),
        batched.matmul(other.transposed([0, 1, 3, 2])),
      ]
      let d = (x + w).matmul(v - x), e = (x * w).matmul(v * v), f = (x - v).matmul(w + v).transposed()
      outputs += [
        graph.apply(Accumulate(), to: [w, d, e]), graph.apply(Accumulate(), to: [x, f, w, v, f.transposed(), x]),
      ]
      // In groups: of products among others, of none, of one term.
      let many = (0..<33).map { number in
        let factor = graph.constant(Double(number), [], type)
        return number < 16 && number % 3 == 0 ? (factor * x).matmul(w) : factor * v
      }
      outputs.append(graph.apply(Accumulate(), to: many))
    }

    private mutating func splices() {
      let x = input([5_000]), y = input([65, 65])
      outputs = [
        concatenate([x.sliced(3..<5_000), x.sliced(0..<3)]) * x,
        concatenate([x.sliced(0..<1_000), x.sliced(3_000..<5_000), x.sliced(1_000..<3_000)]) + x,
        maximum(concatenate([y.sliced(1..<65), y.sliced(0..<1)]), y),
      ]
    }

    private mutating func sums() {
      let x = input([32_769]), y = input([32_769])
      // The second `z` is added up in six groups, and these as they come.
      let z = input([32_769])
      outputs = [(7, x), (45, z)].map { count, x in (0..<count).reduce(y) { state, _ in maximum(state * x, y) - x } }
    }

    /// A number for each element on either side of gates, of sums and of what reads it as it stands.
    private mutating func repeatedNumbers() {
      let x = input([17]), y = input([3, 17])
      for value in Specials.of(type) {
        let number = graph.constant(value, [17], type)
        outputs += [
          x * number, number / x, maximum(number, x), minimum(x, number), select(greater(x, number), number, x),
          y - number, graph.apply(Accumulate(), to: [x, number, x]), concatenate([x, number]),
        ]
      }
    }

    private mutating func cheap() {
      let x = input([65, 65]), w = input([65, 65])
      let hidden = x.matmul(w)
      let cheap = maximum(hidden * hidden, -hidden) + relu(hidden)
      outputs = [(cheap * abs(cheap)).matmul(w), minimum(cheap, hidden)]
    }

    private mutating func shown() {
      let x = input([13]), y = input([]), z = input([13])
      outputs = [x.reshaped([13, 1]), y, x + z, y + x.sum() * 0]
    }

    /// Every elementwise gate behind and before another, views, sums, and reductions of rows at their ends.
    private mutating func layers() {
      let x = input([40, 24]), w = input([24, 16]), row = input([16]), rest = input([40, 16])
      let tall = input([1_100, 8]), many = input([3, 20, 24]), each = input([3, 24, 5]), column = input([1, 24])
      let both = x.matmul(w) + row
      outputs = [
        relu(x.matmul(w) + row) + rest, both, tanh(both), sigmoid(w.transposed().matmul(x.transposed())),
        maximum(tall.matmul(w.sliced(0..<8)) - row, -row), many.matmul(each) * 2 + 1,
        square(column.matmul(w)) / row, rest - x.matmul(input([16, 24]).transposed()),
      ]
    }

    /// Products that read one transposed matrix, by themselves, added to a sum, with a chain behind them, and in a loop.
    private mutating func panels() {
      let w = input([40, 24]), sum = input([3, 40]), first = input([3, 40]), v = input([40, 40])
      let rows = (0..<9).map { _ in input([3, 24]) }
      let products = rows.map { $0.matmul(w.transposed()) }
      outputs = [graph.apply(Accumulate(), to: [sum] + products[0..<4]), relu(products[4] + sum)] + products[5...]
      let run = graph.scan(over: input([19, 3, 40]), from: first) { state, element in
        let next = maximum(state.matmul(v.transposed()), element)
        return (state: next, output: next)
      }
      outputs += [run.outputs, run.state]
    }

    private mutating func chains() {
      let specials = Specials.of(type)
      let shape: Shape = [specials.count, specials.count]
      let x = input(shape), y = input(shape), row = input([specials.count]), column = input([specials.count, 1])
      let gates = [
        x + y, x - y, x * y, x / y, maximum(x, y), minimum(x, y), -x, abs(x), square(x), sqrt(x), relu(x), sign(x),
        select(greater(x, y), x, y), select(equal(x, y), x, y), exp(x), log(x), sin(x), tanh(x), sigmoid(x),
        graph.apply(Accumulate(), to: [x, y, x]), graph.apply(Accumulate(), to: [x, y, x, -y]),
      ]
      outputs = gates.flatMap { gate in
        let next = 1 / gate
        return [gate, maximum(next, y), next.sum(axes: [1]), (gate * next).max(axes: [1])]
      }
      outputs += [
        (x + row) * column, (x - y.transposed()) / column, (-(x * row)).max(axes: [1]), (x * column).sum(),
        minimum(x.sliced(0..<4) / y.sliced(2..<6), row), (y * row.sliced(3..<4)).mean(axes: [1]),
      ]
    }
  }

  /// The numbers that arithmetic treats in a special way.
  enum Specials {
    static func of(_ type: ElementType) -> [Double] {
      let (huge, tiny, normal): (Double, Double, Double) =
        type == .float64
        ? (.greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude)
        : (
          Double(Float.greatestFiniteMagnitude), Double(Float.leastNonzeroMagnitude), Double(Float.leastNormalMagnitude)
        )
      return [0, -0.0, 1, -1.5, .infinity, -.infinity, .nan, huge, -huge, tiny, -tiny, normal, -normal]
    }

    /// Elements of which each is special, each pair of specials beside each other in some row.
    static func all(_ shape: Shape, _ type: ElementType, turn: Int) -> [Double] {
      let specials = of(type)
      return (0..<shape.elementCount).map { index in
        specials[(index * (turn % 12 + 1) + index / specials.count * (turn + 1) + turn) % specials.count]
      }
    }

    /// Elements around 0, a few of them zeros of either sign.
    static func ordinary(_ shape: Shape, turn: Int) -> [Double] {
      var random = SeededGenerator(seed: UInt64(turn))
      return (0..<shape.elementCount).map { _ in
        let number = random.next() % 2_003
        return number < 20 ? (number % 2 == 0 ? 0 : -0.0) : Double(Float(Double(number) / 1_000 - 1))
      }
    }

    /// Ordinary elements, but for one in some hundred, and the first and the last.
    static func few(_ shape: Shape, _ type: ElementType, turn: Int) -> [Double] {
      let specials = of(type), count = shape.elementCount
      var random = SeededGenerator(seed: UInt64(turn))
      return (0..<count).map { index in
        let isSpecial = index == 0 || index == count - 1 || random.next() % 101 == 0
        let ordinary = Double(Float(Double(random.next() % 2_000) / 1_000 - 1))
        return isSpecial ? specials[(index + turn) % specials.count] : ordinary
      }
    }
  }

  /// What a plan does, call by call.
  private func outline(_ plan: ProgramPlan) -> [String] {
    plan.steps.map { step in
      switch step.work {
      case .scalars(let run): "scalars \(run.slots.count)"
      case .contribute: "contribute"
      case .kernel(let call, _): "\("\(plan.calls[call])".prefix(16)) of \(plan.operands[step.operands])"
      }
    } + ["\(plan.placement.scalarConstants.count), \(plan.placement.constants.count)"]
  }

  private func results(_ program: Program, of a: Case, turn: Int) throws -> [ReferenceTensor] {
    let session = program.makeSession(on: try GraphExecutor(width: turn % 2 + 1))
    for (position, node) in a.inputs.enumerated() {
      // In the last turn sums and products, too, are numbers.
      let elements =
        turn == 2
        ? Specials.ordinary(node.shape, turn: position)
        : (turn + position) % 3 == 0
          ? Specials.few(node.shape, a.type, turn: turn + position)
          : Specials.all(node.shape, a.type, turn: turn + position)
      do {
        try session.write(ReferenceTensor(node.shape, a.type, elements), to: node)
      } catch SessionError.notInProgram {}
    }
    for (position, output) in a.outputs.enumerated() where output.shape != .scalar && a.updates.isEmpty {
      let elements =
        turn == 2
        ? Specials.ordinary(output.shape, turn: position) : Specials.few(output.shape, a.type, turn: position)
      do {
        try session.writeUpstream(ReferenceTensor(output.shape, a.type, elements), of: output)
      } catch SessionError.notInProgram {}
    }
    try session.step()
    let variables = a.updates.isEmpty ? a.inputs : []
    return try a.outputs.map { try session.referenceValue(of: $0) }
      + variables.map { try session.referenceGradient(of: $0) }
      + a.updates.map { try session.referenceValue(of: $0.parameter) }
  }

  private func program(_ a: Case, leavingOut passes: Set<CompilerPass>) throws -> Program {
    var options = Program.Options()
    (options.measuresCosts, options.leftOut) = (false, passes)
    // Without its copies a result lies in a source's memory, which another rule forbids.
    options.checksPlan = !passes.contains(.copyShownSources)
    return try Program(
      a.outputs, gradientsFor: a.updates.isEmpty ? a.inputs : [], updating: a.updates, options: options)
  }

  /// The passes that find something to do: a library packs operands by itself.
  private static let passes = CompilerPass.allCases.filter { MatmulPlan.areProductsOurs || $0 != .packOperands }

  @Test(arguments: passes, [ElementType.float32, .float64])
  func `a pass changes the plan and no bit, whatever the numbers`(pass: CompilerPass, type: ElementType) throws {
    let a = try Case(pass, type)
    let rewritten = try program(a, leavingOut: [])
    let plain = try program(a, leavingOut: [pass])
    #if BLAS
      // It adds up large products in other orders where an operand is transposed, or where they are added to a sum.
      let others = Set(CompilerPass.allCases).subtracting([.foldTransposes, .addProducts])
    #else
      let others = Set(CompilerPass.allCases)
    #endif
    let bare = try program(a, leavingOut: others.union([pass]))
    #expect(outline(rewritten.plan) != outline(plain.plan), "\(pass) finds nothing to do")
    for turn in 0..<3 {
      let expected = try results(plain, of: a, turn: turn)
      for (name, other) in [("all passes", rewritten), ("no pass", bare)] {
        for (number, (result, value)) in zip(try results(other, of: a, turn: turn), expected).enumerated() {
          let difference = result.firstDifference(from: value)
          #expect(
            difference == nil,
            "result \(number) of \(a.outputs.count), turn \(turn), \(name) against all but \(pass): \(difference!)")
        }
      }
    }
  }

  @Test(arguments: [ElementType.float32, .float64])
  func `zeros of both signs stay apart, as numbers in a formula and as constants`(type: ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [], type), t = graph.input("t", [17], type)
    let zeros = [0.0, -0.0]
    let quotients = zeros.map { x / $0 } + zeros.map { x / graph.constant($0, [], type) }
    let rows = zeros.map { t / $0 } + zeros.map { t / graph.constant($0, [17], type) }
    let folded =
      zeros.map { x / (graph.constant($0, [], type) * 1) } + zeros.map { 1 / (graph.constant(1, [], type) * $0) }
    let session = try Program(quotients + rows + folded).makeSession()
    try session.write(1, to: x)
    try session.write(ReferenceTensor([17], type, [Double](repeating: 1, count: 17)), to: t)
    try session.forward()
    for (number, node) in (quotients + rows + folded).enumerated() {
      let expected = number % 2 == 0 ? Double.infinity : -.infinity
      #expect(try session.referenceValue(of: node).values.allSatisfy { $0 == expected }, "quotient \(number)")
    }
  }

  @Test func `what no piece reads has a gradient of zero, and not of its negative`() throws {
    let graph = Graph()
    let x = graph.input("x", [13])
    let session = try Program((x.sliced(1..<4) * -1).sum() + x.sliced(6..<9).sum(), gradientsFor: [x]).makeSession()
    try session.write([Float](repeating: 1, count: 13), to: x)
    try session.step()
    let gradient = try session.gradient(of: x, as: Float.self)
    #expect(gradient == [0, -1, -1, -1, 0, 0, 1, 1, 1, 0, 0, 0, 0])
    #expect(gradient.allSatisfy { $0 != 0 || $0.sign == .plus })
  }

  /// Graphs of gates that are exactly rounded, scalars and tensors, on special numbers.
  @Test(arguments: 1...8 as ClosedRange<UInt64>) func `random graphs of special numbers equal the reference`(
    seed: UInt64
  ) throws {
    let type: ElementType = seed % 2 == 0 ? .float32 : .float64
    let graphs = RandomGraphs(
      nodeCount: 150, maximalFanOut: 6, tensorShape: [17], tensorShare: seed % 3 == 0 ? 0 : 0.5, elementType: type)
    let sample = graphs.graph(seed: seed)
    for turn in 0..<2 {
      var values: [Node: ReferenceTensor] = [:]
      for (position, node) in sample.inputs.enumerated() {
        let elements =
          position % 2 == turn
          ? Specials.all(node.shape, type, turn: position) : Specials.few([node.shape.elementCount + 1], type, turn: 3)
        values[node] = ReferenceTensor(node.shape, type, Array(elements.suffix(node.shape.elementCount)))
      }
      let engine = ReferenceEngine(sample.graph)
      let expected = try #require(try engine.run(feeding: values)[sample.output])
      let slopes = try engine.gradients(of: [sample.output], withRespectTo: sample.inputs, feeding: values)
      let reached = zip(sample.inputs, slopes).filter { $1 != nil }
      let session = try Program(sample.output, gradientsFor: reached.map(\.0)).makeSession()
      for (node, value) in values {
        do { try session.write(value, to: node) } catch SessionError.notInProgram {}
      }
      try session.step()
      #expect(try session.referenceValue(of: sample.output).firstDifference(from: expected) == nil)
      for (node, slope) in reached {
        let difference = try session.referenceGradient(of: node).firstDifference(from: slope!)
        #expect(difference == nil, "seed \(seed), gradient of \(node.name): \(difference!)")
      }
    }
  }
}
