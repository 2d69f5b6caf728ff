import AdjointTesting
import DependencyScheduling
import struct Kernels.MatmulPlan
import Testing

@testable import Adjoint

/// Parameters that are packed once for each version of them: whatever changes one, and whatever goes wrong, the next
/// run multiplies by what they are.
@Suite(.timeLimit(.minutes(20)), .enabled(if: MatmulPlan.areProductsOurs)) struct KeptPanelTests {
  /// y = relu(x · wᵀ) of few rows, as a service computes it, behind a gate that may fail.
  private struct Model {
    let graph = Graph(), trips = Trips()
    let x: Node, w: Node, y: Node
    let program: Program

    init() throws {
      x = graph.input("x", [2, 96])
      w = graph.parameter("w", [64, 96], .uniform(-1...1, seed: 1))
      let before = graph.apply(Tripping(trips: trips, part: .forward), to: [x])
      y = relu(before.matmul(w.transposed()))
      var options = Program.Options()
      options.measuresCosts = false
      program = try Program(y, options: options)
    }

    func makeSession(_ store: ParameterStore = ParameterStore(), width: Int = 1) throws -> Session {
      let session = program.makeSession(on: try GraphExecutor(width: width), parameters: store)
      try session.write((0..<192).map { Float($0 % 13) - 6 }, to: x)
      return session
    }

    /// What `session` computes, and what it should of the parameters as they are.
    func results(_ session: Session) throws -> (computed: [Float], expected: [Float]) {
      try session.forward()
      var options = Program.Options()
      options.leftOut = [.packOperands]
      let plain = try Program(y, options: options).makeSession(parameters: session.parameters)
      try plain.write((0..<192).map { Float($0 % 13) - 6 }, to: x)
      try plain.forward()
      return (try session.read(y, as: Float.self), try plain.read(y, as: Float.self))
    }

    func isRight(_ session: Session) throws -> Bool {
      let results = try results(session)
      return results.computed == results.expected && results.expected.contains { $0 > 0 }
    }

    /// Writes NaN over the panels, so that a run which does not make them anew shows it.
    func spoil(_ session: Session) throws {
      let buffers = program.plan.placement.buffers
      let kept = try #require(buffers.firstIndex { $0.lifetime == .kept })
      let panels = try #require(session.workspace.address(.buffer(kept)))
      panels.assumingMemoryBound(to: Float.self).update(repeating: .nan, count: buffers[kept].byteCount / 4)
    }
  }

  @Test func `a program that only reads parameters keeps their panels, which count for its sessions`() throws {
    let model = try Model()
    let plan = model.program.plan
    #expect(plan.keptCalls.count == 1 && plan.calls.count { $0.description.hasPrefix("packing of 4") } == 1)
    let kept = plan.placement.buffers.filter { $0.lifetime == .kept }
    #expect(kept.map(\.byteCount) == [64 * 96 * 4])
    let session = try model.makeSession()
    #expect(try model.isRight(session))
    #expect(model.program.explanation.contains("made once for each version of the parameters"))
    var options = Program.Options()
    options.measuresCosts = false
    let many = model.graph.input("many", [512, 96])
    // Of many rows too little is gained for as much memory.
    #expect(try Program(many.matmul(model.w.transposed()), options: options).plan.keptCalls.isEmpty)
    options.leftOut = [.packOperands]
    #expect(try model.program.sessionBytes - Program(model.y, options: options).sessionBytes == 64 * 96 * 4)
    // A program that tells how they change, or differentiates, does not.
    let loss = model.y.sum()
    #expect(try Program(loss, gradientsFor: [model.w]).plan.keptCalls.isEmpty)
    #expect(try Program(loss, updating: [ParameterUpdate(model.w, to: model.w * 2)]).plan.keptCalls.isEmpty)
  }

  @Test(arguments: [1, 2]) func `panels are made once, and again when parameters have changed`(width: Int) throws {
    let model = try Model()
    let store = ParameterStore()
    let session = try model.makeSession(store, width: width), other = try model.makeSession(store)
    #expect(try model.isRight(session))
    try model.spoil(session)

    // A write through the session, through another, of values by name, and a step.
    let updating = try Program(model.w.sum(), updating: [ParameterUpdate(model.w, to: model.w * 3)])
      .makeSession(parameters: store)
    let changes: [(String, () throws -> Void)] = [
      ("a write", { try session.write([Float](repeating: 0.5, count: 64 * 96), to: model.w) }),
      ("a write by another session", { try other.write([Float](repeating: 0.25, count: 64 * 96), to: model.w) }),
      ("a step", { try updating.step() }),
      (
        "new values by name",
        {
          try store.replaceValues(of: ["w"]) { _, bytes in
            for place in 0..<64 * 96 {
              bytes.storeBytes(of: Float(place % 7) - 2, toByteOffset: place * 4, as: Float.self)
            }
          }
        }
      ),
    ]
    for (name, change) in changes {
      #expect(try !model.isRight(session), "spoiled panels are read until \(name)")
      try change()
      #expect(try model.isRight(session), "behind \(name)")
      #expect(try model.isRight(session) && model.isRight(other), "and again")
      try model.spoil(session)
    }
  }

  @Test func `a run that fails before the panels are there, or behind, keeps none that are not whole`() throws {
    struct Failure: Error {}
    let model = try Model()
    let session = try model.makeSession()
    model.trips.set(.forward) { throw Failure() }
    #expect(throws: SessionError.self) { try session.forward() }
    model.trips.clear()
    #expect(try model.isRight(session))
    // Those that were there before a run failed are there still.
    try model.spoil(session)
    model.trips.set(.forward) { throw Failure() }
    #expect(throws: SessionError.self) { try session.forward() }
    model.trips.clear()
    #expect(try !model.isRight(session))
    // Changed parameters, and a failed run before the first that succeeds.
    try session.write([Float](repeating: 0.5, count: 64 * 96), to: model.w)
    model.trips.set(.forward) { throw Failure() }
    #expect(throws: SessionError.self) { try session.forward() }
    model.trips.clear()
    #expect(try model.isRight(session))
  }

  @Test func `trimming, tracing and looking for a NaN leave panels right`() throws {
    let model = try Model()
    let session = try model.makeSession()
    #expect(try session.firstNonFinite() == nil)
    #expect(try model.isRight(session))
    try session.trimMemory()
    #expect(try model.isRight(session))
    _ = try session.trace(.forward)
    #expect(try model.isRight(session))
    try session.write([Float](repeating: 1, count: 64 * 96), to: model.w)
    #expect(try session.firstNonFinite() == nil)
    #expect(try model.isRight(session))
  }
}
