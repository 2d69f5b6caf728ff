@testable import Adjoint
import Testing

/// What a recurrence keeps of its steps: its states once, and of each step what its gradient is made from.
@Suite(.timeLimit(.minutes(20))) struct ScanMemoryTests {
  /// A recurrence, `rows` and `units` wide, and what is wanted of it.
  struct Recurrence: Sendable, CustomTestStringConvertible {
    enum Cell: String, Sendable { case tanh, product, lstm, twoLayers }
    var cell = Cell.tanh
    var length = 64, rows = 4, units = 16
    var isReversed = false, type = ElementType.float32
    /// Whether all states are summed, or read after the run, and not just the last summed.
    var sumsOutputs = false, showsOutputs = false
    var wantsInputGradient = false
    var isPlain = false

    var testDescription: String {
      "\(cell) of \(length) steps, [\(rows), \(units)]\(isReversed ? " reversed" : "")"
        + (showsOutputs ? ", shown" : sumsOutputs ? ", summed" : "") + (wantsInputGradient ? ", dx" : "")
    }

    func program() throws -> Program {
      let graph = Graph()
      let x = graph.input("x", [length, rows, units], type)
      let weights = graph.parameter("w", [units, units], .uniform(-0.3...0.3, seed: 1), type)
      let more = graph.parameter("v", [units, units], .uniform(-0.3...0.3, seed: 2), type)
      let zeros = graph.constant(0, [rows, units], type)
      let run: Scanned
      switch cell {
      case .tanh:
        run = graph.scan(over: [x], from: [zeros], reversed: isReversed) { state, element in
          let next = tanh(state[0].matmul(weights) + element[0])
          return (state: [next], outputs: [next])
        }
      case .product:
        run = graph.scan(over: [x], from: [zeros], reversed: isReversed) { state, element in
          let next = tanh(state[0].matmul(weights) + element[0].matmul(more))
          return (state: [next], outputs: [next])
        }
      case .lstm:
        let wide = graph.parameter("wide", [units, 4 * units], .uniform(-0.3...0.3, seed: 3), type)
        let tall = graph.parameter("tall", [units, 4 * units], .uniform(-0.3...0.3, seed: 4), type)
        run = graph.scan(over: [x], from: [zeros, zeros], reversed: isReversed) { state, element in
          let z = element[0].matmul(wide) + state[0].matmul(tall)
          let parts = (0..<4).map { z.sliced($0 * units..<($0 + 1) * units, axis: -1) }
          let cell = sigmoid(parts[1]) * state[1] + sigmoid(parts[0]) * Adjoint.tanh(parts[2])
          let hidden = sigmoid(parts[3]) * Adjoint.tanh(cell)
          return (state: [hidden, cell], outputs: [hidden])
        }
      case .twoLayers:
        run = graph.scan(over: [x], from: [zeros, zeros], reversed: isReversed) { state, element in
          let first = Adjoint.tanh(state[0].matmul(weights) + element[0])
          let second = Adjoint.tanh(state[1].matmul(more) + first)
          return (state: [first, second], outputs: [second])
        }
      }
      var loss = run.state[0].sum()
      if sumsOutputs { loss = loss + run.outputs[0].sum() }
      var variables = cell == .tanh ? [weights] : graph.parameters.filter { cell != .lstm || $0.shape[1] > units }
      if cell == .twoLayers { loss = loss + run.state[1].sum() }
      if cell == .product { variables = [weights, more] }
      if wantsInputGradient { variables.append(x) }
      var options = Program.Options()
      options.measuresCosts = false
      return try Program(
        loss, gradientsFor: variables, alsoComputing: showsOutputs ? [run.outputs[0]] : [], options: options)
    }

    /// The bytes of the states of all steps, one beside another.
    var states: Int { length * rows * units * type.byteCount }
  }

  /// How many stacks of the states' size a recurrence takes in all, apart from what does not grow with its steps.
  private func stacks(_ recurrence: Recurrence) throws -> Double {
    func bytes(_ length: Int) throws -> Int {
      var other = recurrence
      other.length = length
      let program = try other.program()
      return (program.lastingByteCounts + program.plan.slots.map(\.byteCount)).reduce(0, +)
    }
    let grown = try bytes(2 * recurrence.length) - bytes(recurrence.length)
    return Double(grown) / Double(recurrence.states)
  }

  /// Of all the memory that grows with the steps: the input, the states, and what the gradient of a step is made from,
  /// which is the sum in tanh, then its slope, then its adjoint.
  @Test(
    arguments: [Recurrence.Cell.tanh, .product],
    [
      Recurrence(length: 64, rows: 4, units: 64), Recurrence(length: 96, rows: 2, units: 32, isReversed: true),
      Recurrence(length: 64, rows: 16, units: 16, sumsOutputs: true),
      Recurrence(length: 64, rows: 4, units: 32, type: .float64, showsOutputs: true),
      Recurrence(length: 64, rows: 8, units: 16, sumsOutputs: true, showsOutputs: true),
      Recurrence(length: 160, rows: 1, units: 64, isReversed: true, type: .float64, sumsOutputs: true),
    ])
  func `a recurrence keeps its states once`(cell: Recurrence.Cell, recurrence: Recurrence) throws {
    var recurrence = recurrence
    recurrence.cell = cell
    // Partial sums of some gradients grow with the steps, too.
    let allowed = 0.15
    let most = 3.0
    let all = try stacks(recurrence)
    #expect((3...most + allowed).contains(all), "\(all)")
    recurrence.wantsInputGradient = true
    let withGradient = try stacks(recurrence)
    #expect((4...most + 1 + allowed).contains(withGradient), "\(withGradient)")
    // The rest is of one step, of weights, or of what the allocator rounds up.
    let program = try recurrence.program()
    let step = recurrence.states / recurrence.length, weights = 3 * 8 * recurrence.units * recurrence.units
    let bytes = Double(recurrence.states) * (most + 1 + allowed) + Double(24 * step + weights + 4096)
    #expect(Double(program.sessionBytes) <= 1.25 * bytes, "\(program.sessionBytes), not \(bytes)")
  }

  /// Values and gradients of a program whose inputs are given numbers.
  private func values(
    of results: [Node], gradientsFor variables: [Node], of loss: Node, feeding inputs: [Node],
    _ options: Program.Options = Program.Options()
  ) throws -> [[Double]] {
    let program = try Program(loss, gradientsFor: variables, alsoComputing: results, options: options)
    let session = program.makeSession()
    for (number, input) in inputs.enumerated() {
      try session.write(ScanForm.numbers(input.shape.elementCount, seed: number), to: input)
    }
    try session.step()
    return try (results + [loss]).map { try session.read($0, as: Double.self) }
      + variables.map { try session.gradient(of: $0, as: Double.self) }
  }

  @Test(arguments: [false, true], [false, true])
  func `a result takes the memory of a sequence only if each step has read its element by then`(
    isReversed: Bool, readsLate: Bool
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [9, 2, 16], .float64), w = graph.input("w", [16, 16], .float64)
    let start = graph.input("start", [2, 16], .float64)
    // The sequence is computed, and nothing else reads it.
    let run = graph.scan(over: [0.5 * x], from: [start], reversed: isReversed) { state, element in
      let first = (state[0] + element[0]).matmul(w)
      let next = readsLate ? tanh(first.matmul(w)) * element[0] : tanh(first.matmul(w))
      return (state: [next], outputs: [first, next])
    }
    func computed(reusing: Bool) throws -> [[Double]] {
      var options = Program.Options()
      options.reusesBuffers = reusing
      return try values(
        of: run.outputs, gradientsFor: [x, w, start], of: square(run.outputs[0]).sum() + run.outputs[1].sum(),
        feeding: [x, w, start], options)
    }
    #expect(try computed(reusing: true) == computed(reusing: false))
  }

  @Test(arguments: [false, true]) func `states before and after the steps are what they are`(isReversed: Bool) throws {
    let graph = Graph()
    let x = graph.input("x", [5, 3], .float64), start = graph.input("start", [3], .float64)
    let other = graph.input("other", [3], .float64)
    // Both parts of the state become the same: one of them alone can lie with it.
    let run = graph.scan(over: [x], from: [start, other], reversed: isReversed) { state, element in
      let next = state[0] * 0.5 + state[1] + element[0].max(axes: [0], keepsAxes: true)
      return (state: [next, next], outputs: [state[0], next, state[1], next])
    }
    let program = try Program(run.outputs + run.state)
    let session = program.makeSession()
    let numbers = [x, start, other].enumerated().map { ScanForm.numbers($1.shape.elementCount, seed: $0) }
    for (input, numbers) in zip([x, start, other], numbers) { try session.write(numbers, to: input) }
    var before = [numbers[1], numbers[2]]
    var stacks = [[[Double]]](repeating: [[Double]](repeating: [], count: 5), count: 3)
    for time in isReversed ? Array((0..<5).reversed()) : Array(0..<5) {
      let most = numbers[0][3 * time..<3 * time + 3].max()!
      let next = zip(before[0], before[1]).map { $0 * 0.5 + $1 + most }
      (stacks[0][time], stacks[1][time], stacks[2][time]) = (before[0], next, before[1])
      before = [next, next]
    }
    func check() throws {
      let read = try run.outputs.map { try session.read($0, as: Double.self) }
      #expect(read == [stacks[0], stacks[1], stacks[2], stacks[1]].map { $0.flatMap { $0 } })
      #expect(try run.state.map { try session.read($0, as: Double.self) } == before)
    }
    try session.forward()
    try check()
    // What has no memory of its own cannot be written elsewhere, and is copied.
    var target = [Double](repeating: 0, count: 15), states = target
    var span = target.mutableSpan, own = states.mutableSpan
    try session.lending(&span, asOutput: run.outputs[1]) {
      try session.lending(&own, asOutput: run.outputs[0]) { try session.forward() }
    }
    #expect(target == stacks[1].flatMap { $0 } && states == stacks[0].flatMap { $0 })
    try session.forward()
    try check()
  }

  @Test func `slices of an input are read where it lies, be it lent or written`() throws {
    let graph = Graph()
    let x = graph.input("x", [6, 4], .float64), w = graph.input("w", [4, 3], .float64)
    let labels = graph.input("labels", [6], .int32), table = graph.input("table", [5, 3], .float64)
    let y = x.sliced(1..<5).matmul(w) + table.gatheringRows(labels.sliced(2..<6))
    // What is shown keeps what the last run has read.
    let shown = [x.sliced(2..<4), x.sliced(3..<6).reshaped([12])]
    let program = try Program(y.sum(), gradientsFor: [w], alsoComputing: [y] + shown)
    let session = program.makeSession()
    let (own, lent) = (ScanForm.numbers(24, seed: 1), ScanForm.numbers(24, seed: 2))
    let (weights, rows) = (ScanForm.numbers(12, seed: 3), ScanForm.numbers(15, seed: 4))
    func expected(_ x: [Double], _ labels: [Int]) -> [Double] {
      (0..<12).map { index in
        let (row, column) = index.quotientAndRemainder(dividingBy: 3)
        let product = (0..<4).reduce(0.0) { $0 + x[4 * (row + 1) + $1] * weights[3 * $1 + column] }
        return product + rows[3 * labels[row + 2] + column]
      }
    }
    func check(_ x: [Double], _ labels: [Int], _ location: Testing.SourceLocation = #_sourceLocation) throws {
      for (a, b) in zip(try session.read(y, as: Double.self), expected(x, labels)) {
        #expect((a - b).magnitude < 1e-14, sourceLocation: location)  // four products
      }
      #expect(try session.read(shown[0], as: Double.self) == Array(x[8..<16]), sourceLocation: location)
      #expect(try session.read(shown[1], as: Double.self) == Array(x[12...]), sourceLocation: location)
    }
    try session.write(own, to: x)
    try session.write(weights, to: w)
    try session.write(rows, to: table)
    try session.write([0, 1, 2, 3, 4, 0] as [Int32], to: labels)
    try session.step()
    try check(own, [0, 1, 2, 3, 4, 0])
    let others: [Int32] = [4, 4, 1, 0, 2, 2]
    try session.lending(lent.span, asInput: x) {
      try session.lending(others.span, asInput: labels) { try session.step() }
    }
    try check(lent, [4, 4, 1, 0, 2, 2])
    try session.write(own, to: x)
    try session.write([3, 3, 3, 3, 0, 1] as [Int32], to: labels)
    try check(lent, [4, 4, 1, 0, 2, 2])
    try session.step()
    try check(own, [3, 3, 3, 3, 0, 1])
    // What is shown alone is copied.
    #expect(program.plan.calls.count { $0 is MovementCall } == 2)
  }
}
