import AdjointTesting
import Notation
import Testing

@testable import Adjoint

/// What holds of the explanation of any program.
@Suite(.timeLimit(.minutes(20))) struct ExplanationLawTests {
  /// As usual, with as many units and calls as can be, and with contributions.
  private func ways(of planned: PlannedProgram) -> [(name: String, options: Program.Options)] {
    planned.ways.filter { ["as usual", "in the finest parts", "in order of arrival"].contains($0.name) }
  }

  private func program(_ planned: PlannedProgram, _ options: Program.Options) throws -> Program {
    let parts = try planned.parts()
    var options = options
    options.checkpointedScopes = parts.scopes
    return try Program(
      parts.outputs, gradientsFor: parts.variables, alsoComputing: parts.others, updating: parts.updates,
      options: options)
  }

  /// The part of an explanation that begins with `heading`, and the numbers of the things that are named `noun` where
  /// lines begin.
  private func numbers(of noun: String, in text: String, _ heading: String) -> [Int] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let start = lines.firstIndex(where: { $0.hasPrefix(heading) }) else { return [] }
    return lines[(start + 1)...].prefix { !$0.isEmpty }.compactMap { line in
      let words = line.split(whereSeparator: { " ,:".contains($0) })
      guard line.hasPrefix("  \(noun) "), words.count > 1 else { return nil }
      return Int(words[1])
    }
  }

  private func shown(_ count: Int) -> [Int] { Array(0..<min(count, ExplanationPart.mostItems)) }

  @Test(arguments: PlannedProgram.allCases)
  func `every unit, call, run and slot of the plan occurs once, up to the limit`(planned: PlannedProgram) throws {
    for (name, options) in ways(of: planned) {
      let program = try program(planned, options)
      let (plan, text) = (program.plan, program.explanation)
      let runs = plan.steps.count { if case .scalars = $0.work { true } else { false } }
      #expect(numbers(of: "unit", in: text, "units") == shown(plan.unitCosts.count), "\(name)")
      #expect(numbers(of: "call", in: text, "calls") == shown(plan.calls.count), "\(name)")
      #expect(numbers(of: "run", in: text, "scalar runs") == shown(runs), "\(name)")
      let chains = plan.chainNodes.keys.sorted().prefix(ExplanationPart.mostItems)
      #expect(numbers(of: "call", in: text, "chains") == Array(chains), "\(name)")
      // Those who lie in slots are items, too.
      let slots = numbers(of: "slot", in: text, "memory of a run")
      #expect(slots == Array(0..<slots.count) && (slots.count == plan.slots.count || text.contains("… and")), "\(name)")
    }
  }

  @Test(arguments: PlannedProgram.allCases)
  func `what is told of memory adds up to what a session takes`(planned: PlannedProgram) throws {
    for (name, options) in ways(of: planned) {
      let program = try program(planned, options)
      let plan = program.plan
      let slots = plan.slots.reduce(0) { $0 + $1.byteCount }
      let explanation = try explanation(of: program)
      #expect(explanation.memoryCounts.session == program.lastingByteCounts.reduce(slots, +), "\(name)")
      let constants = program.constants.plans.reduce(0) { $0 + $1.byteCount }
      #expect(explanation.memoryCounts.constants == constants, "\(name)")
      let text = explanation.text
      let session = ExplanationText.bytes(explanation.memoryCounts.session)
      #expect(text.contains("memory of a session: \(session), of which "), "\(name)")
      if slots > 0 { #expect(text.contains("one after the other: \(ExplanationText.bytes(slots)) in "), "\(name)") }
      let buffers = plan.placement.buffers.count { $0.lifetime != .transient }
      #expect(numbers(of: "buffer", in: text, "memory of a session").count == buffers, "\(name)")
      let lent = plan.placement.buffers.filter { [.parameter, .next].contains($0.lifetime) }
      #expect(explanation.memoryCounts.parameters == lent.reduce(0) { $0 + $1.byteCount }, "\(name)")
    }
  }

  private func explanation(of program: Program) throws -> Explanation {
    let record = CompilationRecord()
    return Explanation(program, program.plan, try program.order.lower(record: record).graph, record)
  }

  @Test(arguments: PlannedProgram.allCases)
  func `what is told is the plan, and the same of each compilation`(planned: PlannedProgram) throws {
    for (name, options) in planned.ways.prefix(1) {
      let first = try program(planned, options), second = try program(planned, options)
      let text = first.explanation
      #expect(text == second.explanation, "\(name)")
      #expect(try text == first.explanation(of: first.order.run().plan), "\(name)")
    }
  }

  @Test(arguments: PlannedProgram.allCases)
  func `nominal costs are those by which a plan of nominal speeds is made`(planned: PlannedProgram) throws {
    for (name, options) in ways(of: planned) {
      let program = try program(planned, options)
      let explanation = try explanation(of: program)
      for (unit, cost) in program.plan.unitCosts.enumerated() {
        let told = try #require(explanation.nominalCost(ofUnit: unit))
        // Sums of the same numbers in another order.
        #expect(abs(told - cost) <= 1e-4 * (cost + 1), "\(name): unit \(unit)")
      }
    }
  }

  @Test(arguments: ExplainedProgram.allCases)
  func `no cost that was measured is told`(explained: ExplainedProgram) throws {
    // No cost closes a unit or divides a call, so that the plan is the same whatever is measured.
    func text(measuresCosts: Bool) throws -> String {
      try explained.program { options in
        (options.measuresCosts, options.unitWork) = (measuresCosts, .infinity)
        options.division = Division(part: .infinity, followingPart: .infinity)
      }.explanation
    }
    let measured = try text(measuresCosts: true), nominal = try text(measuresCosts: false)
    let lines = measured.split(separator: "\n", omittingEmptySubsequences: false)
    let others = nominal.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == others.count)
    for (line, other) in zip(lines, others) where line != other {
      let isOfLoop = explained == .scan && line == other.replacing(/, [0-9,]+ ns/, with: "")
      #expect(isOfLoop || line == "\(other); units are sized by speeds that were measured in this process")
    }
  }

  @Test(arguments: GateCatalog.all) func `every gate and its gradients can be explained`(gate: any SampledGate.Type)
    throws
  {
    for sample in gate.samples {
      let graph = Graph()
      let operands = sample.operands.enumerated().map { position, operand in
        let value = operand.values(seed: 1, type: .float32)
        return graph.input("operand\(position)", value.shape, value.elementType)
      }
      let output = applied(sample.gate, to: operands, in: graph)
      let program = try Program(output, gradientsFor: variables(of: output, among: operands))
      let text = program.explanation
      #expect(text.hasPrefix("program: "), "\(sample)")
      #expect(try text == program.explanation(of: program.order.run().plan), "\(sample)")
    }
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

  private func applied(_ gate: any Gate, to operands: [Node], in graph: Graph) -> Node {
    func apply(_ gate: some Gate) -> Node { graph.apply(gate, to: operands) }
    return apply(gate)
  }

  @Test func `a large program says how large it is, and shows the first of each part`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = (0..<5_000).reduce(x) { node, _ in sin(node) }
    var options = Program.Options()
    (options.measuresCosts, options.unitWork) = (false, 0)
    let text = try Program(y, gradientsFor: [x], options: options).explanation
    let lines = text.split(separator: "\n")
    #expect(lines.count < 8 * (ExplanationPart.mostItems + 3))
    #expect(text.utf8.count < 200_000)
    #expect(lines[1].contains("scalar runs"))
    let units = try #require(lines[1].split(separator: ", ").first { $0.hasSuffix("units") })
    let count = try #require(Int(units.filter(\.isNumber)))
    #expect(count > 10_000)
    #expect(text.contains("  … and \(NumberText.grouped(count - ExplanationPart.mostItems)) more\n"))
  }

  @Test func `ranges and lists are written as they are read`() {
    #expect(ExplanationText.ranges([0, 3, 4, 5, 9]) == "0, 3..<6, 9")
    #expect(ExplanationText.list((0..<9).map { "\($0)" }, of: 9) == "0, 1, 2, 3, 4, 5, 6, 7, … and 1 more")
  }

  @Test func `a gate that changes its mind is told of`() throws {
    let graph = Graph()
    let x = graph.input("x", [16])
    let program = try Program(graph.apply(Fickle(), to: [x]))
    let first = Fickle.asked.value
    #expect(first > 0)
    Fickle.changes.add()
    #expect(program.explanation.contains("the gate estimates its cost at nan ns"))
  }
}

/// A copy whose cost is no number once ``changes`` has been raised.
private struct Fickle: Gate {
  static let name = "fickle"
  static let asked = Tally(), changes = Tally()
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { _ = try $0.output(as: Float.self).update(from: $0.input(0, as: Float.self)) }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? {
    Self.asked.add()
    return Self.changes.value == 0 ? 100 : .nan
  }
}
