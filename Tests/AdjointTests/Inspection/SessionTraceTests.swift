import Adjoint
import DependencyScheduling
import Testing

@Suite(.timeLimit(.minutes(20))) struct SessionTraceTests {
  private func network(_ executor: GraphExecutor) throws -> (session: Session, loss: Node) {
    let graph = Graph()
    let images = graph.input("images", [64, 256])
    let hidden = graph.scope("first") {
      relu(images.matmul(graph.parameter("weights", [256, 256], .heNormal(seed: 1))).named("product"))
    }
    let loss = square(hidden.matmul(graph.parameter("out", [256, 64], .heNormal(seed: 2)))).mean().named("loss")
    let session = try Program(loss, gradientsFor: graph.parameters).makeSession(on: executor)
    try session.write((0..<64 * 256).map { Float($0 % 13) / 13 }, to: images)
    return (session, loss)
  }

  @Test(arguments: [1, 2])
  func `a traced step has the bits of any other, and slices named after nodes`(width: Int) throws {
    let (session, loss) = try network(GraphExecutor(width: width))
    try session.step()
    let value = try session.read(loss)
    let trace = try session.trace()
    #expect(try session.read(loss) == value)
    #expect(trace.name == "step")
    #expect(trace.units.count == session.program.unitCount)
    let names = trace.units.flatMap(\.parts).map(\.name)
    #expect(names.contains { $0.hasPrefix("first/product") && !$0.contains("backward") })
    #expect(names.contains { $0.contains("backward of first/product") })
    #expect(trace.timeByKind.contains { $0.name == "matmul" && $0.count >= 2 })
    #expect(trace.criticalPath.count >= 2)
    for unit in trace.units { #expect(unit.parts.reduce(0) { $0 + $1.nanoseconds } <= unit.nanoseconds) }
  }

  @Test func `forward and backward are traced one by one`() throws {
    let (session, _) = try network(GraphExecutor(width: 2))
    let forward = try session.trace(.forward), backward = try session.trace(.backward)
    #expect(forward.units.count + backward.units.count == session.program.unitCount)
    #expect(!forward.units.flatMap(\.parts).contains { $0.name.contains("backward of") })
    #expect(backward.units.flatMap(\.parts).contains { $0.name.contains("backward of") })
  }

  @Test func `scalar gates are told by how many there are and of which kinds`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let session = try Program(sin(x) * x).makeSession()
    try session.write(2, to: x)
    let part = try #require(try session.trace(.forward).units.flatMap(\.parts).first)
    #expect(part.kind == "scalar sin+multiply" && part.name.hasPrefix("2 scalar gates from sin#"))
  }

  @Test func `a trace of a run that cannot begin is the run's error, and the session stays usable`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let f = exp(x)
    let session = try Program(f).makeSession()
    #expect(throws: SessionError.self) { try session.trace(.forward) }
    #expect(throws: SessionError.self) { try session.trace() }
    try session.write(0, to: x)
    try session.forward()
    #expect(try session.read(f) == 1)
  }
}
