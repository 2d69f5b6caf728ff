import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// Scalar gates put into runs: whatever the grouping, the bits are those of the gates one by one.
@Suite(.timeLimit(.minutes(20))) struct ScalarRunTests {
  /// One of every kind of gate that the scalar machine knows, of operands among the last `window` values, with
  /// one-element tensors among the scalars, and values of both types that meet in no gate.
  private func graph(gates: Int, window: Int, seed: UInt64) -> (graph: Graph, inputs: [Node], outputs: [Node]) {
    let graph = Graph()
    var random = SeededGenerator(seed: seed)
    let types: [Adjoint.ElementType] = [.float32, .float64]
    let inputs = types.flatMap { type in (0..<3).map { graph.input("\(type)\($0)", [], type) } }
    var values = types.map { type in inputs.filter { $0.elementType == type } }
    for _ in 0..<gates {
      let type = Int(random.next() % 2)
      func operand() -> Node {
        let among = min(values[type].count, window)
        return values[type][values[type].count - 1 - Int(random.next() % UInt64(among))]
      }
      values[type].append(gate(random.next() % 22, operand))
    }
    return (graph, inputs, values.map { ($0.prefix(3) + $0.suffix(window)).reduce($0[0], +) })
  }

  private func gate(_ kind: UInt64, _ operand: () -> Node) -> Node {
    let (a, b) = (operand(), operand())
    switch kind {
    case 0: return a + b
    case 1: return a - b
    case 2: return a * b
    case 3: return a / (b * b + 1)
    case 4: return maximum(a, b)
    case 5: return minimum(a, b)
    case 6: return greater(a, b)
    case 7: return equal(a, b)
    case 8: return select(greater(a, b), a, b)
    case 9: return sin(a)
    case 10: return cos(a)
    case 11: return tanh(a)
    case 12: return sigmoid(a)
    case 13: return relu(a)
    case 14: return abs(a)
    case 15: return sign(a)
    case 16: return sqrt(a * a + 1)
    case 17: return log(a * a + 1)
    case 18: return exp(-abs(a))
    case 19: return square(a) - b
    case 20: return (a.reshaped([1]) * b.reshaped([1])).reshaped([])
    default: return pow(a * a + 1, tanh(b))
    }
  }

  private func bits(
    _ program: Program, _ inputs: [Node], _ outputs: [Node], on executor: any ScheduleExecutor
  ) throws -> [UInt64] {
    let session = program.makeSession(on: executor)
    for (index, input) in inputs.enumerated() { try session.write(0.3 * Double(index) - 0.7, to: input) }
    try session.step()
    let numbers = try outputs.map { try session.read($0) } + inputs.map { try session.gradient(of: $0) }
    return numbers.map { $0.isNaN ? .max : $0.bitPattern }
  }

  @Test(arguments: [(300, 1), (300, 3), (1_000, 40), (4_000, 2), (4_000, 500)])
  func `any grouping gives the bits of single gates`(gates: Int, window: Int) throws {
    for seed in 1...(gates > 1_000 ? 1 : 3) {
      let (_, inputs, outputs) = graph(gates: gates, window: window, seed: UInt64(seed))
      var options = Program.Options()
      options.unitWork = 0
      let expected = try bits(
        Program(outputs, gradientsFor: inputs, options: options), inputs, outputs, on: try GraphExecutor(width: 1))
      for work: Float in [40, 1_000, 12_000, 1e9] {
        options.unitWork = work
        let program = try Program(outputs, gradientsFor: inputs, options: options)
        for width in [1, 3] {
          let found = try bits(program, inputs, outputs, on: GraphExecutor(width: width))
          #expect(found == expected, "\(gates) gates, window \(window), seed \(seed), units of \(work) ns")
        }
      }
    }
  }

  @Test func `contributions are added in graph order, sixteen at a time, however many`() throws {
    for count in Array(1...70) + [255, 256, 257, 300] {
      let graph = Graph()
      let x = graph.input("x")
      let terms = (0..<count).map { x * graph.constant(1 / Double(3 * $0 + 1)) }
      let sum = graph.apply(Accumulate(), to: terms)
      let session = try Program(sum).makeSession()
      try session.write(0.7, to: x)
      try session.forward()
      var values = (0..<count).map { Float(0.7) * Float(1 / Double(3 * $0 + 1)) }
      while values.count > 1 {
        values = stride(from: 0, to: values.count, by: 16).map { start in
          values[(start + 1)..<min(start + 16, values.count)].reduce(values[start], +)
        }
      }
      #expect(try session.read(sum) == Double(values[0]))
    }
  }

  @Test func `what a chain reads and what it leaves behind run together`() throws {
    let graph = Graph()
    let x = graph.input("x"), a = graph.input("a")
    let y = (0..<1_000).reduce(x) { node, _ in sin(node) * a }
    let program = try Program(y, gradientsFor: [x, a])
    // Backward: the cosines come before the chain, what `a` gets of each link comes after it.
    var gates = 0, together = 0
    for step in program.plan.steps[program.plan.unitStarts[program.plan.forwardUnitCount]...] {
      guard case .scalars(let run) = step.work else { continue }
      gates += run.slots.count
      for run in runs(of: program.plan.scalarCode[run.words]) where run.form == .run && run.count >= 16 {
        together += run.count
      }
    }
    #expect(gates >= 4_900)
    #expect(together >= gates / 2)
  }

  /// The runs that code consists of, and how many lines it fetches.
  private func runs(
    of code: Swift.Slice<FrozenColumn<UInt32>>
  ) -> [(
    operation: UInt8, form: ScalarCode.Form, count: Int
  )] {
    var runs: [(operation: UInt8, form: ScalarCode.Form, count: Int)] = []
    var next = code.startIndex
    while next < code.endIndex {
      let head = code[next]
      let operation = ScalarCode.operation(of: head)
      let count = ScalarCode.count(of: head)
      let form = ScalarCode.form(of: head)
      runs.append((operation, form, count))
      let kept = form == .run || form == .single ? 0 : form == .lastAndBefore || form == .beforeAndLast ? 2 : 1
      let arity = operation == ScalarCode.fetching ? 1 : ElementwiseOperation(opcode: operation)!.arity
      next += 1 + (arity - kept) * count
    }
    return runs
  }

  /// The runs of the steps of scalars of one pass.
  private func runs(of plan: ProgramPlan, backward: Bool) -> [(operation: UInt8, form: ScalarCode.Form, count: Int)] {
    let split = plan.unitStarts[plan.forwardUnitCount]
    return (backward ? plan.steps[split...] : plan.steps[..<split]).flatMap { step in
      guard case .scalars(let run) = step.work else { return [] as [(UInt8, ScalarCode.Form, Int)] }
      return runs(of: plan.scalarCode[run.words])
    }
  }

  @Test func `no gate of a chain waits for what went through the slab`() throws {
    let graph = Graph()
    let x = graph.input("x"), a = graph.input("a"), b = graph.input("b")
    let links = 1_000
    let y = (0..<links).reduce(x) { node, _ in sin(node) * a + node * b }
    let plan = try Program(y, gradientsFor: [x]).plan
    for backward in [false, true] {
      let singles = runs(of: plan, backward: backward).filter { $0.form != .run }
      #expect(singles.count >= 3 * links)
      // A unit begins with what another one made.
      #expect(singles.count { $0.form == .single } <= 20)
    }
  }

  @Test func `what follows in one operation is one series`() throws {
    let graph = Graph()
    let x = graph.input("x"), a = graph.input("a")
    let product = (0..<2_000).reduce(x) { node, _ in a * node }
    let made = runs(of: try Program(product).plan, backward: false)
    #expect(made.reduce(0) { $0 + $1.count } == 2_000)
    #expect(made.count <= 10)
  }

  @Test func `a long backward pass fetches what it reads of the forward pass, a short one nothing`() throws {
    func fetchedLines(gates: Int) throws -> (forward: Int, backward: Int) {
      let (x, f) = graph(.wide, gates: gates)
      let plan = try Program(f, gradientsFor: [x]).plan
      func lines(_ backward: Bool) -> Int {
        runs(of: plan, backward: backward).filter { $0.operation == ScalarCode.fetching }.reduce(0) { $0 + $1.count }
      }
      return (lines(false), lines(true))
    }
    let short = try fetchedLines(gates: 10_000)
    #expect(short.forward == 0 && short.backward == 0)
    let gates = 140_000
    let long = try fetchedLines(gates: gates)
    // 16 values a line, each read by a few units at most.
    #expect(long.backward >= gates / 2 / 16 && long.backward <= gates / 2)
    #expect(long.forward <= gates / 100)
  }

  @Test(arguments: [Adjoint.ElementType.float32, .float64])
  func `a step fetches each line that it reads from far behind, once, and no other`(type: Adjoint.ElementType) throws {
    let graph = Graph()
    let x = graph.input("x", [], type)
    // Selections read three operands, sums and products two: each of them from near and from far.
    let window = 1_200
    var values = (0..<window).map { x * Double($0 + 2) }
    var random = SeededGenerator(seed: 7)
    // What lies in half of a second-level cache, and as much again.
    while values.count < (type == .float64 ? 48_000 : 96_000) {
      func far() -> Node { values[Int(random.next() % UInt64(values.count))] }
      let old = values[values.count - window], recent = values[values.count - 1]
      switch random.next() % 4 {
      case 0: values.append(select(old, recent, far()))
      case 1: values.append(far() * old)
      case 2: values.append(old + far())
      default: values.append(sin(old))
      }
    }
    let plan = try Program(values.suffix(window).reduce(x, +), gradientsFor: [x]).plan
    let size = type == .float64 ? 8 : 4
    var fetchedLines = 0
    for step in plan.steps {
      guard case .scalars(let run) = step.work else { continue }
      var fetched: [Int] = [], read: Set<Int> = []
      for (operation, words) in operands(in: plan.scalarCode[run.words]) {
        if operation == ScalarCode.fetching { fetched += words } else { read.formUnion(words) }
      }
      let near = run.slots.lowerBound - FarReads.far / size
      let far = Set(read.filter { $0 < near }.map { $0 * size / ScalarCode.lineByteCount })
      #expect(fetched.count == far.count && Set(fetched) == far)
      fetchedLines += fetched.count
    }
    #expect(fetchedLines > 1_000)
  }

  /// For each head of code its operation and the slots, or the lines, that it names.
  private func operands(in code: Swift.Slice<FrozenColumn<UInt32>>) -> [(operation: UInt8, words: [Int])] {
    var next = code.startIndex
    return runs(of: code).map { run in
      let kept =
        run.form == .run || run.form == .single ? 0 : [.lastAndBefore, .beforeAndLast].contains(run.form) ? 2 : 1
      let arity = run.operation == ScalarCode.fetching ? 1 : ElementwiseOperation(opcode: run.operation)!.arity
      let words = code[next + 1..<next + 1 + (arity - kept) * run.count].map { Int($0) }
      next += 1 + words.count
      return (run.operation, words)
    }
  }

  @Test func `the first gate in the order of the graph that makes a NaN is named, whatever runs first`() throws {
    for type in [Adjoint.ElementType.float32, .float64] {
      let graph = Graph()
      let x = graph.input("x", [], type)
      let wide = (0..<100).map { sin(x * Double($0)) }
      let deep = log(sqrt(wide.reduce(x, +) * 0 + x)).named("deep")
      let late = sqrt(x).named("late")
      let session = try Program([deep + late] + wide, gradientsFor: [x]).makeSession()
      try session.write(-4, to: x)
      let found = try #require(try session.firstNonFinite())
      #expect(found.gate == "sqrt" && found.nodeName != "late" && found.backwardOf == nil)
      try session.write(4, to: x)
      #expect(try session.firstNonFinite() == nil)
    }
  }

  enum Kind: CaseIterable { case chain, narrow, wide }

  private func graph(_ kind: Kind, gates: Int) -> (x: Node, f: Node) {
    let graph = Graph()
    let x = graph.input("x")
    if kind == .chain { return (x, (0..<gates / 4).reduce(x) { node, _ in sigmoid(node * 0.5 + x) * 0.5 }) }
    // The first operand is the oldest of the window, so that every value is read.
    var random = SeededGenerator(seed: 5)
    var values = [x]
    let window = kind == .narrow ? 1 : 400
    while values.count < gates {
      let first = values[max(0, values.count - window)]
      let second = values[values.count - 1 - Int(random.next() % UInt64(min(values.count, 2 * window)))]
      switch random.next() % 8 {
      case 0, 1: values.append(first + second)
      case 2, 3: values.append(first * second)
      case 4, 5: values.append(sin(first))
      case 6: values.append(exp(first))
      default: values.append(sigmoid(first))
      }
    }
    return (x, values.suffix(window).reduce(x, +))
  }

  @Test(arguments: Kind.allCases) func `forward and backward take at most 40 bytes a gate`(kind: Kind) throws {
    let (x, f) = graph(kind, gates: 20_000)
    let program = try Program(f, gradientsFor: [x])
    let session = program.makeSession(on: try GraphExecutor(width: 1))
    try session.write(0.3, to: x)
    try session.step()
    let bytes = program.plan.byteCount + session.memory.allocated
    #expect(bytes <= 40 * x.graph.nodeCount, "\(Double(bytes) / Double(x.graph.nodeCount)) bytes a gate")
  }
}

extension ProgramPlan {
  /// What a plan takes up, apart from what its kernel calls and buffers hold.
  fileprivate var byteCount: Int {
    var bytes = 4 * (scalarCode.count + operands.count + unitCosts.count) + 8 * unitStarts.count
    bytes += MemoryLayout<Step>.stride * steps.count
    bytes += MemoryLayout<(Placement.Place, Double)>.stride * placement.scalarConstants.count
    for schedule in [forward, backward, step] {
      for unit in 0..<schedule.unitCount { bytes += 12 + 4 * schedule.successors(of: UnitID(UInt32(unit))).count }
    }
    return bytes
  }
}
