import DependencyScheduling
import Testing

@testable import Adjoint

/// How much memory the versions of a store take.
@Suite(.timeLimit(.minutes(20))) struct StoreMemoryTests {
  /// Two parameters of 64 KiB, one of which steps update.
  private struct Model {
    let graph = Graph()
    let w: Node, v: Node
    let updating: Session
    let store = ParameterStore()
    static let piece = 65_536

    init() throws {
      w = graph.parameter("w", [16_384])
      v = graph.parameter("v", [16_384], .ones)
      updating = try Program((w * v).sum(), updating: [.init(w, to: w + v)])
        .makeSession(on: GraphExecutor(width: 1), parameters: store)
      try store.makeParameters(of: graph)
    }

    var pieces: Int { store.memory.allocated / Self.piece }
  }

  @Test func `steps that nobody reads beside go on in two pieces of memory a parameter`() throws {
    let model = try Model(), store = model.store
    #expect(model.pieces == 2)
    try model.updating.step()
    #expect(model.pieces == 3, "one more for what is updated")
    store.resetPeakMemory()
    let bases = try (0..<6).map { _ in
      try model.updating.step()
      return try store.withBytes(of: "w") { $0.withUnsafeBytes { Int(bitPattern: $0.baseAddress!) } }
    }
    #expect(Set(bases).count == 2)
    #expect(store.memory.peak == store.memory.allocated && model.pieces == 3)
    // Nor does one that fails or only looks take or keep any.
    let token = CancellationToken()
    token.cancel()
    #expect(throws: CancellationError.self) { try model.updating.step(cancellation: token) }
    #expect(try model.updating.firstNonFinite() == nil)
    try model.updating.reserveMemory()
    try model.updating.step()
    #expect(store.memory.peak == store.memory.allocated && model.pieces == 3)
  }

  @Test func `a reader keeps what its version alone has, until it ends`() throws {
    let model = try Model(), store = model.store
    try model.updating.step()
    try store.withBytes(of: ["w", "v"]) { name, _ in
      if name == "v" { return }
      for _ in 0..<4 { try model.updating.step() }
      #expect(model.pieces == 4, "its w, beside the two that steps use; v is shared")
      try store.withBytes(of: "v") { _ in
        for _ in 0..<4 { try model.updating.step() }
        #expect(model.pieces == 5)
      }
      #expect(model.pieces == 4)
    }
    #expect(model.pieces == 3)
    let living = store.state.withLock { $0.ledger.living }
    #expect(living == [.init(number: 9, readers: 0)] && store.version == 9)
  }

  @Test func `new values of a parameter that no step updates take memory while they are written`() throws {
    let model = try Model(), store = model.store
    for _ in 0..<3 {
      try store.replaceValues(of: ["v"]) { _, bytes in
        bytes.storeBytes(of: 2, as: Float.self)
        #expect(model.pieces == 3)
      }
      #expect(model.pieces == 2)
    }
  }
}
