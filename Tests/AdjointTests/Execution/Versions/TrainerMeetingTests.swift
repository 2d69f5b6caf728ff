import DependencyScheduling
import Dispatch
import Testing

@testable import Adjoint

/// Those who change parameters meet: a training step and another, a write and a step.
@Suite(.timeLimit(.minutes(20))) struct TrainerMeetingTests {
  private typealias Model = StoreAccessTests.Model

  @Test func `a second training step has an error of its own, whether it blocks or not`() async throws {
    let model = try Model(), other = try Model(sharing: model)
    let met = DispatchSemaphore(value: 0), goOn = DispatchSemaphore(value: 0)
    let first = Task {
      try await model.meeting.withinAsync({
        met.signal()
        goOn.wait()
      }) { try await model.updating.step() }
    }
    await met.waitAsync()
    let refused = await #expect(throws: SessionError.self) { try await other.updating.step() }
    guard case .otherTrainer(let sentence) = refused else {
      Issue.record("\(String(describing: refused))")
      return
    }
    #expect(sentence.contains("one session at a time") && "\(SessionError.otherTrainer(sentence))" == sentence)
    for blocking in [
      { try other.updating.step() }, { _ = try other.updating.trace() },
      { try other.writing.write([Float](repeating: 3, count: 17), to: other.w) },
      { try other.store.replaceValues(of: ["w"]) { _, _ in } },
    ] {
      let error = #expect(throws: SessionError.self) { try blocking() }
      guard case .otherTrainer = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    // Whoever only reads is not concerned.
    #expect(try await other.updating.firstNonFinite() == nil)
    try await other.updating.forward()
    try await other.reading.forward()
    goOn.signal()
    goOn.signal()
    try await first.value
    #expect(try Set(model.values()) == [2])
    try await other.updating.step()
    #expect(try Set(model.values()) == [3])
  }

  @Test func `a training step in asynchronous code waits until a write has ended, and goes on from it`() async throws {
    let model = try Model(), other = try Model(sharing: model)
    let isWriting = DispatchSemaphore(value: 0), ends = DispatchSemaphore(value: 0)
    let written = DispatchGroup()
    DispatchQueue.global().async(group: written) {
      try! model.store.replaceValues(of: ["w", "v"]) { _, bytes in
        isWriting.signal()
        for offset in stride(from: 0, to: bytes.byteCount, by: 4) {
          bytes.storeBytes(of: 5, toByteOffset: offset, as: Float.self)
        }
        ends.wait()
      }
    }
    await isWriting.waitAsync()
    // Synchronous calls are refused, and it is not a trainer that is in their way.
    for blocking in [{ try other.updating.step() }, { try other.writing.write([1] as [Float], to: other.v) }] {
      let error = #expect(throws: SessionError.self) { try blocking() }
      guard case .busy = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    let cancelled = Task { try await other.updating.step() }
    while model.store.writers.waiterCount < 1 { await Task.yield() }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(try Set(model.values()) == [1])

    let step = Task { try await other.updating.step() }
    while model.store.writers.waiterCount < 1 { await Task.yield() }
    let second = await #expect(throws: SessionError.self) { try await model.updating.step() }
    guard case .otherTrainer = second else {
      Issue.record("\(String(describing: second))")
      return
    }
    ends.signal()
    ends.signal()
    await withCheckedContinuation { done in written.notify(queue: .global()) { done.resume() } }
    try await step.value
    #expect(try Set(model.values()) == [6])
    try await model.updating.step()
  }

  @Test func `a write that throws leaves a parameter as it was, and its memory free`() throws {
    struct Own: Error {}
    let model = try Model(), before = model.store.memory.allocated
    for _ in 0..<3 {
      #expect(throws: Own.self) {
        try model.writing.withMutableValues(of: model.w, as: Float.self) {
          let first = $0[0]
          #expect(first == 1)
          $0[0] = 9
          throw Own()
        }
      }
    }
    #expect(try Set(model.values()) == [1])
    #expect(model.store.memory.allocated == before && model.store.version == 0)
    try model.writing.withMutableValues(of: model.w, as: Float.self) { $0[16] = 9 }
    #expect(try model.values() == [Float](repeating: 1, count: 16) + [9, 1])
    #expect(model.store.memory.allocated == before && model.store.version == 1, "nobody trains it")
  }
}

extension DispatchSemaphore {
  /// Waits on a thread of Dispatch's.
  func waitAsync() async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      DispatchQueue.global().async {
        self.wait()
        done.resume()
      }
    }
  }
}
