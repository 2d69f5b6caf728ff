import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// Gradients that are told of as soon as they are complete.
@Suite(.timeLimit(.minutes(20))) struct ReadyGradientTests {
  /// What has been told, in order.
  private typealias Told = Guarded<[(name: String, values: [Float])]>

  private func note(_ told: Told) -> @Sendable (ReadyGradient) throws -> Void {
    { gradient in
      let values = try gradient.withValues(as: Float.self) { span in span.indices.map { span[$0] } }
      told.withLock { $0.append((gradient.variable.name, values)) }
    }
  }

  /// A network whose weights are shared by its layers, so that each gradient is a sum of contributions.
  private struct Network {
    let graph = Graph()
    let x: Node, variables: [Node], loss: Node
    init() {
      x = graph.input("x", [64, 96])
      let w = graph.parameter("w", [96, 96], .glorotNormal(seed: 1)), b = graph.parameter("b", [96], .zeros)
      let scale = graph.parameter("scale", [], .constant(0.5))
      let hidden = (0..<4).reduce(x) { value, _ in tanh(value.matmul(w) + b) * scale }
      loss = square(hidden).sum()
      variables = [x, w, b, scale]
    }
  }

  @Test(arguments: [1, 2, 3, 8], [Accumulation.graphOrder, .arrivalOrder])
  func `each gradient is told once, with the values that it has in the end`(width: Int, mode: Accumulation) throws {
    let network = Network()
    var options = Program.Options(accumulation: mode)
    options.unitWork = 0
    options.division = .finest
    let program = try Program(network.loss, gradientsFor: network.variables, options: options)
    let session = program.makeSession(on: try GraphExecutor(width: width))
    try session.write((0..<64 * 96).map { Float($0 % 13) / 13 }, to: network.x)
    for round in 0..<10 {
      let told = Told([])
      if round % 2 == 0 {
        try session.step(whenReady: note(told))
      } else {
        try session.forward()
        try session.backward(whenReady: note(told))
      }
      let seen = told.withLock { $0 }
      #expect(seen.map(\.name).sorted() == ["b", "scale", "w", "x"])
      for (name, values) in seen {
        #expect(try session.gradient(of: network.graph.node(named: name)!, as: Float.self) == values, "\(name)")
      }
    }
  }

  @Test func `a gradient is told when it is complete, before others are computed`() throws {
    let graph = Graph(), log = Log()
    let x = graph.input("x", [8, 8])
    let weights = (0..<3).map { graph.parameter("w\($0)", [8, 8], .glorotNormal(seed: UInt64($0))) }
    let y = weights.reduce(x) { value, weight in
      tanh(value.matmul(graph.apply(Logging(log: log, name: weight.name), to: [weight])))
    }
    var options = Program.Options()
    options.unitWork = 0
    let program = try Program(y.sum(), gradientsFor: weights, options: options)
    let session = program.makeSession(on: try GraphExecutor(width: 1))
    try session.write([Float](repeating: 1, count: 64), to: x)
    try session.forward()
    log.events.withLock { $0 = [] }
    try session.backward { gradient in log.events.withLock { $0.append("told \(gradient.variable.name)") } }
    let events = log.events.withLock { $0 }
    #expect(events.count == 6)
    for pair in stride(from: 0, to: events.count, by: 2) {
      #expect(events[pair].hasPrefix("w") && events[pair + 1] == "told \(events[pair])")
    }
  }

  @Test func `an error of the closure ends the run, and the next run is whole`() throws {
    struct Enough: Error {}
    let network = Network()
    let session = try Program(network.loss, gradientsFor: network.variables).makeSession()
    try session.write([Float](repeating: 1, count: 64 * 96), to: network.x)
    #expect(throws: Enough.self) { try session.step { _ in throw Enough() } }
    #expect(throws: SessionError.self) { try session.gradient(of: network.x, as: Float.self) }
    let told = Told([])
    try session.step(whenReady: note(told))
    #expect(told.withLock { $0.count } == 4)
  }

  @Test func `gradients of scalar gates are told, and one that nothing computes`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z"), alone = graph.input("alone", [3])
    let f = (x + y) * z
    let session = try Program([f, alone], gradientsFor: [x, y, z, alone]).makeSession()
    for (node, value) in [(x, -2.0), (y, 5), (z, -4)] { try session.write(value, to: node) }
    try session.write([0, 0, 0] as [Float], to: alone)
    try session.writeUpstream([1, 2, 3] as [Float], of: alone)
    let told = Told([])
    try session.step(whenReady: note(told))
    let seen = Dictionary(uniqueKeysWithValues: told.withLock { $0 })
    #expect(seen == ["x": [-4], "y": [-4], "z": [3], "alone": [1, 2, 3]])
  }

  /// Programs whose gradients lie in buffers, in cells of both types side by side, in parts, in sums, and nowhere.
  private func mixedPrograms() throws -> [Program] {
    let graph = Graph()
    let singles = (0..<5).map { graph.input("single\($0)") }
    let doubles = (0..<5).map { graph.input("double\($0)", [], .float64) }
    func chain(_ nodes: [Node]) -> Node { nodes.dropFirst().reduce(sin(nodes[0])) { $0 * $1 + tanh($1 * nodes[0]) } }
    let tensor = graph.input("tensor", [300, 40])
    let outputs = [chain(singles), chain(doubles), square(tensor * singles[0]).sum(), singles[4] * 3]
    var programs: [Program] = []
    for mode in [Accumulation.graphOrder, .arrivalOrder] {
      for isFine in [false, true] {
        var options = Program.Options(accumulation: mode)
        if isFine { (options.unitWork, options.division) = (0, .finest) }
        programs.append(try Program(outputs, gradientsFor: singles + doubles + [tensor], options: options))
        let network = Network()
        programs.append(try Program(network.loss, gradientsFor: network.variables, options: options))
      }
    }
    return programs
  }

  @Test func `the units that complete a gradient are those that write to its place`() throws {
    for program in try mixedPrograms() {
      let plan = program.plan
      for units in [0..<plan.unitCosts.count, plan.forwardUnitCount..<plan.unitCosts.count] {
        let writers = GradientWriters(program, units)
        #expect(writers.gradients.count == program.endpoints.gradients.count)
        for (number, gradient) in writers.gradients.enumerated() {
          let place = gradient.place
          let expected = units.filter { unit in
            plan.steps(of: unit).contains { index in
              let step = plan.steps[index]
              guard case .scalars(let run) = step.work else { return plan.operands[step.results].contains(place) }
              let isOfType = place.isDoubleSlot == (run.type == .float64)
              return !place.isBuffer && isOfType && run.slots.contains(place.index)
            }
          }
          let found = writers.written.filter { $0.value.contains(number) }.keys.sorted()
          #expect(found == Array(expected), "gradient \(number)")
          #expect(writers.counts[number] == expected.count, "gradient \(number)")
        }
      }
    }
  }

  /// Of a run that ends early, what has been told is complete and was told once.
  @Test(arguments: [1, 3], [Accumulation.graphOrder, .arrivalOrder])
  func `a run that fails or is cancelled has told each gradient once or not at all`(
    width: Int, mode: Accumulation
  ) throws {
    struct Enough: Error {}
    let network = Network()
    var options = Program.Options(accumulation: mode)
    (options.unitWork, options.division) = (0, .finest)
    let program = try Program(network.loss, gradientsFor: network.variables, options: options)
    let session = program.makeSession(on: try GraphExecutor(width: 1))
    try session.write((0..<64 * 96).map { Float($0 % 3) }, to: network.x)
    try session.step()
    let whole = try ["b", "scale", "w", "x"].map {
      try session.gradient(of: network.graph.node(named: $0)!, as: Float.self)
    }
    let many = program.makeSession(
      on: try GraphExecutor(width: width, sharing: .always), parameters: session.parameters)
    try many.write((0..<64 * 96).map { Float($0 % 3) }, to: network.x)
    for stop in 1...4 {
      for isCancelled in [false, true] {
        let told = Told([]), token = CancellationToken()
        let note = note(told)
        do {
          try many.step(cancellation: token) { gradient in
            try note(gradient)
            if told.withLock({ $0.count }) == stop {
              token.cancel()
              if !isCancelled { throw Enough() }
            }
          }
        } catch is Enough {
        } catch is CancellationError {}
        let seen = told.withLock { $0 }
        #expect(seen.count >= stop && Set(seen.map(\.name)).count == seen.count, "\(seen.map(\.name))")
        if mode == .graphOrder {
          for (name, values) in seen {
            #expect(values == whole[["b", "scale", "w", "x"].firstIndex(of: name)!], "\(name)")
          }
        }
      }
    }
  }

  @Test func `a ready gradient of another type is refused, and the session is busy within the run`() throws {
    let graph = Graph()
    let x = graph.input("x", [4])
    let session = try Program(square(x).sum(), gradientsFor: [x]).makeSession()
    try session.write([1, 2, 3, 4] as [Float], to: x)
    #expect(throws: SessionError.self) { try session.step { try $0.withValues(as: Double.self) { _ in } } }
    let refusals = Guarded(0)
    try session.step { _ in
      do { _ = try session.gradient(of: x, as: Float.self) } catch SessionError.busy { refusals.withLock { $0 += 1 } }
    }
    #expect(refusals.withLock { $0 } == 1)
    #expect(try session.gradient(of: x, as: Float.self) == [2, 4, 6, 8])
  }
}

private final class Log: Sendable {
  let events = Guarded<[String]>([])
}

/// Notes whenever it runs, in either direction.
private struct Logging: Gate {
  static let name = "logging"
  let log: Log
  let name: String
  static func == (left: Logging, right: Logging) -> Bool { left.log === right.log && left.name == right.name }
  func hash(into hasher: inout Hasher) { hasher.combine(name) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      log.events.withLock { $0.append(name) }
      _ = try arguments.output(as: Float.self).update(from: arguments.input(0, as: Float.self))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream.graph.apply(self, to: [upstream])] }
}
