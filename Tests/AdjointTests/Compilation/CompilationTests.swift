import AdjointTesting
import DependencyScheduling
import Testing

@testable import Adjoint

/// What the compiler's passes leave of a graph, counted in steps, gates and units.
@Suite(.timeLimit(.minutes(20))) struct CompilationTests {
  /// How many gates of tensors and how many of scalars a program computes.
  private func work(_ program: Program) -> (kernels: Int, scalarGates: Int) {
    var work = (kernels: 0, scalarGates: 0)
    for step in program.plan.steps {
      switch step.work {
      case .kernel: work.kernels += 1
      case .scalars(let run): work.scalarGates += run.slots.count
      case .contribute: break
      }
    }
    return work
  }

  @Test func `what no output reads is dropped`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y", [4])
    _ = exp(x) * 3
    _ = softmax(y)
    let program = try Program(x * 2)
    #expect(work(program) == (0, 1))
    // Its input is not needed either.
    let session = program.makeSession()
    try session.write(1, to: x)
    try session.forward()
  }

  @Test func `backward computes nothing that no gradient needs`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y")
    let f = x * y
    #expect(work(try Program(f)) == (0, 1))
    #expect(work(try Program(f, gradientsFor: [x])) == (0, 2))
    #expect(work(try Program(f, gradientsFor: [x, y])) == (0, 3))
  }

  @Test func `constants are folded`() throws {
    let graph = Graph()
    let x = graph.input("x", [2])
    let table = exp(graph.constant([1, 2] as [Float], [2])) * 2 + 1
    #expect(work(try Program(x * table)) == (1, 0))
    let folded = sqrt(graph.constant(16) * 4)
    let session = try Program(folded).makeSession()
    #expect(work(session.program) == (0, 0))
    try session.forward()
    #expect(try session.read(folded) == 8)
  }

  @Test func `common subexpressions are shared`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y")
    let twice = exp(x + y) * exp(x + y)
    #expect(work(try Program(twice)) == (0, 3))
    #expect(work(try Program([exp(x - y), exp(y - x)])) == (0, 4))
    let t = graph.input("t", [8])
    #expect(work(try Program([softmax(t).sum(), softmax(t).max()])) == (3, 0))
    let cube = graph.input("cube", [2, 3, 4])
    #expect(work(try Program([cube.sum(axes: [0, 2]), cube.sum(axes: [-1, 0])])) == (1, 0))
  }

  @Test(arguments: [0, 1]) func `a sigmoid written out becomes one gate`(order: Int) throws {
    let graph = Graph()
    let x = graph.input("x")
    let power = exp(-x)
    let f = order == 0 ? 1 / (1 + power) : 1 / (power + 1)
    let program = try Program(f)
    #expect(work(program) == (0, 1))
    let session = try Program(f, gradientsFor: [x]).makeSession()
    for (value, sigma, slope) in [(-1_000.0, 0.0, 0.0), (0, 0.5, 0.25), (1_000, 1, 0)] {
      try session.write(value, to: x)
      try session.step()
      #expect(try session.read(f) == sigma)
      #expect(try session.gradient(of: x) == slope)
    }
  }

  @Test func `what only looks like a sigmoid stays as it is`() throws {
    let graph = Graph()
    let x = graph.input("x")
    for f in [2 / (1 + exp(-x)), 1 / (2 + exp(-x)), 1 / (1 + exp(x)), 1 / (1 - exp(-x))] {
      let session = try Program(f).makeSession()
      #expect(work(session.program).scalarGates >= 3)
      try session.write(0.5, to: x)
      try session.forward()
      let expected = try ReferenceEngine(graph).run(feeding: [x: ReferenceTensor([], .float32, [0.5])])[f]
      #expect(try abs(session.read(f) - (expected?.values[0] ?? .nan)) < 1e-6)
    }
  }

  @Test func `reshaping copies nothing`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3])
    let program = try Program(stopGradient(sin(x).reshaped([6]).reshaped([3, 2])))
    #expect(work(program) == (1, 0))
    let read = try Program(sin(stopGradient(x.reshaped([6]).reshaped([3, 2]))))
    #expect(work(read) == (1, 0))
    // Only a result that is nothing but an input is copied once: it stays what it is while the input is written.
    #expect(work(try Program(stopGradient(x.reshaped([6])))) == (1, 0))
    let session = program.makeSession()
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: x)
    try session.forward()
  }

  @Test func `small gates are grouped into few units`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let y = (0..<10_000).reduce(x) { node, _ in sin(node) }
    let program = try Program(y)
    #expect(work(program).scalarGates == 10_000)
    #expect(program.unitCount <= 20)
    #expect(program.unitCount >= 2)
    var options = Program.Options()
    options.unitWork = 0
    #expect(try Program(y, options: options).unitCount == 10_000)
  }

  @Test func `backward units come after forward ones and depend on them`() throws {
    let graph = Graph()
    let x = graph.input("x", [64, 64]), w = graph.parameter("w", [64, 64], .heNormal(seed: 1))
    let program = try Program(tanh(x.matmul(w)).sum(), gradientsFor: [w])
    let plan = program.plan
    #expect(plan.forward.unitCount == plan.forwardUnitCount)
    #expect(plan.forward.unitCount + plan.backward.unitCount == plan.step.unitCount)
    #expect(plan.step.unitCount == program.unitCount)
    #expect(program.stepSchedule.unitCount == program.unitCount)
    #expect(program.stepSchedule.estimatedWork == plan.unitCosts.reduce(0.0) { $0 + Double($1) })
  }
}
