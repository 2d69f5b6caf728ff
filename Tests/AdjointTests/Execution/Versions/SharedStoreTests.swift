import Adjoint
import DependencyScheduling
import Foundation
import StressScale
import Testing

/// One store, a trainer and those whom it serves, all of them as fast as they can: nobody is refused, every answer is
/// that of one whole version, and memory stays what it was. For ten seconds with `ADJOINT_SOAK`.
@Suite(.timeLimit(.minutes(20))) struct SharedStoreTests {
  /// Parameters that are all k in version k: y = x · w + v is 17 k where x is all ones, s is k, and ∂Σy/∂x is 16 k.
  private struct Model {
    let graph = Graph()
    let x: Node, w: Node, v: Node, s: Node, y: Node, scalar: Node
    let training: Program, predicting: Program, differentiating: Program

    init() throws {
      x = graph.input("x", [2, 16])
      w = graph.parameter("w", [16, 16])
      v = graph.parameter("v", [16])
      s = graph.parameter("s", [])
      y = x.matmul(w) + v
      scalar = s * 1
      training = try Program(
        y.sum(), updating: [.init(w, to: w + 1), .init(v, to: v + 1), .init(s, to: s + 1)])
      predicting = try Program([y, scalar])
      differentiating = try Program(y.sum(), gradientsFor: [x], alsoComputing: [scalar])
    }
  }

  /// Who is asked to end, and what has been seen.
  private final class Record: Sendable {
    private let state = Guarded((isOver: false, answers: [Int](), complaints: [String](), versions: Set<Float>()))

    init(actors: Int) { state.withLock { $0.answers = [Int](repeating: 0, count: actors) } }

    var isOver: Bool { state.withLock { $0.isOver } }
    var answers: [Int] { state.withLock { $0.answers } }
    var complaints: [String] { state.withLock { $0.complaints } }
    var versionCount: Int { state.withLock { $0.versions.count } }
    func end() { state.withLock { $0.isOver = true } }
    func note(_ actor: Int, version: Float? = nil) {
      state.withLock {
        $0.answers[actor] += 1
        if let version, $0.versions.count < 100 { $0.versions.insert(version) }
      }
    }
    func complain(_ complaint: String) {
      state.withLock {
        $0.isOver = true
        $0.complaints.append(complaint)
      }
    }
  }

  private static let servers = 4, saver = 4, trainer = 5

  @Test(arguments: [1, 2], [false, true])
  func `a trainer and four servers refuse nobody, mix no versions and take no more memory`(
    width: Int, saves: Bool
  ) async throws {
    let model = try Model(), store = ParameterStore(), executor = try GraphExecutor(width: width)
    try store.makeParameters(of: model.graph)
    let record = Record(actors: 6)
    let trainer = model.training.makeSession(on: executor, parameters: store)
    try trainer.write([Float](repeating: 1, count: 32), to: model.x)
    try await trainer.step()
    let settled = store.memory.allocated
    store.resetPeakMemory()

    await withTaskGroup { group in
      for server in 0..<Self.servers {
        group.addTask { await Self.serve(server, model, store, executor, record) }
      }
      if saves { group.addTask { await Self.save(store, record) } }
      group.addTask { await Self.train(trainer, record) }
      let end = ContinuousClock.now + (StressScale.isSoak ? .seconds(10) : .milliseconds(200))
      let everybody = Set(0..<6).subtracting(saves ? [] : [Self.saver])
      while !record.isOver {
        try? await Task.sleep(for: .milliseconds(5))
        let answers = record.answers
        if ContinuousClock.now > end, everybody.allSatisfy({ answers[$0] >= 20 }) { record.end() }
      }
    }
    #expect(record.complaints == [])
    #expect(record.versionCount > 1, "servers have seen versions come")
    // Two pieces a parameter when nobody reads; beside them what readers held on to, at most a version each.
    #expect(store.memory.allocated == settled)
    #expect(store.memory.peak <= settled / 2 * (3 + Self.servers + (saves ? 1 : 0)))
  }

  private static func train(_ session: Session, _ record: Record) async {
    var step = 1
    do {
      while !record.isOver {
        try await session.step()
        step += 1
        record.note(trainer)
        // Whole numbers that floats hold; new values are published as steps are.
        if step % 1_000 == 0 { try session.parameters.replaceValues(of: session.parameters.names) { _, _ in } }
      }
    } catch { record.complain("step \(step): \(error)") }
  }

  private static func serve(
    _ server: Int, _ model: Model, _ store: ParameterStore, _ executor: GraphExecutor, _ record: Record
  ) async {
    do {
      let differentiates = server == 3
      let program = differentiates ? model.differentiating : model.predicting
      let session = program.makeSession(on: executor, parameters: store)
      try session.write([Float](repeating: 1, count: 32), to: model.x)
      while !record.isOver {
        let seen: [Float]
        if differentiates {
          try await session.step()
          seen = try session.gradient(of: model.x, as: Float.self).map { $0 / 16 }
        } else {
          try await session.forward()
          seen = try session.read(model.y, as: Float.self).map { $0 / 17 }
        }
        let version = try session.read(model.scalar, as: Float.self)[0]
        if Set(seen) != [version] { record.complain("\(server): \(seen) and \(version)") }
        record.note(server, version: version)
      }
    } catch { record.complain("server \(server): \(error)") }
  }

  /// Reads all parameters as saving them does, and takes its time.
  private static func save(_ store: ParameterStore, _ record: Record) async {
    do {
      while !record.isOver {
        var seen: Set<Float> = []
        try store.withBytes(of: ["w", "v", "s"]) { _, bytes in
          for offset in stride(from: 0, to: bytes.byteCount, by: 4) {
            seen.insert(bytes.unsafeLoad(fromByteOffset: offset, as: Float.self))
          }
          usleep(50)
        }
        if seen.count != 1 { record.complain("saved \(seen)") }
        record.note(saver)
        await Task.yield()
      }
    } catch { record.complain("saving: \(error)") }
  }
}
