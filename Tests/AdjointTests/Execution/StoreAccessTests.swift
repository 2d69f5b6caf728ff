import Adjoint
import DependencyScheduling
import Dispatch
import Foundation
import Testing

/// Everybody who uses a store × everybody else: those who read meet nobody, those who change parameters meet one
/// another, and each of them gives back what it has, however it ends.
@Suite(.timeLimit(.minutes(20))) struct StoreAccessTests {
  private struct Own: Error {}

  /// One store, a session that reads it and one that updates it.
  final class Model: Sendable {
    let graph = Graph(), meeting = Meeting()
    let w: Node, v: Node, difference: Node, product: Node
    let store: ParameterStore
    let reading: Session, updating: Session, writing: Session

    /// Sessions of their own over a store of its own, or over another's.
    init(sharing other: Model? = nil) throws {
      store = other?.store ?? ParameterStore()
      w = graph.parameter("w", [17], .ones)
      v = graph.parameter("v", [], .ones)
      let next = graph.apply(Meet(meeting: meeting), to: [w]) + 1
      difference = (graph.apply(Meet(meeting: meeting), to: [w]) - v).sum()
      product = w * v
      reading = try Program(difference).makeSession(on: try GraphExecutor(width: 1), parameters: store)
      updating = try Program(w.sum(), updating: [.init(w, to: next), .init(v, to: v + 1)])
        .makeSession(on: try GraphExecutor(width: 1), parameters: store)
      writing = try Program(product).makeSession(parameters: store)
      try store.makeParameters(of: graph)
    }

    func values() throws -> [Float] {
      var values: [Float] = []
      try store.withBytes(of: ["w", "v"]) { _, bytes in
        values += (0..<bytes.byteCount / 4).map { bytes.unsafeLoad(fromByteOffset: $0 * 4, as: Float.self) }
      }
      return values
    }
  }

  private enum Kind { case reads, trains, writes }

  /// A use of the store, which calls `inside` while it goes on.
  private struct Use: Sendable {
    typealias Body = @Sendable (Model, _ inside: @escaping @Sendable () throws -> Void) throws -> Void
    let name: String
    let kind: Kind
    let body: Body
    init(_ name: String, _ kind: Kind, _ body: @escaping Body) {
      (self.name, self.kind, self.body) = (name, kind, body)
    }

    /// What becomes of it while another is under way.
    func outcome(during other: Use) -> String {
      switch (other.kind, kind) {
      case (.trains, .trains), (.trains, .writes): "another trainer"
      case (.writes, .trains), (.writes, .writes): "busy"
      case (.reads, _), (_, .reads): "done"
      }
    }
  }

  private static let uses: [Use] = [
    Use("bytes of one", .reads) { model, inside in try model.store.withBytes(of: "w") { _ in try inside() } },
    Use("bytes of several", .reads) { model, inside in
      try model.store.withBytes(of: ["w", "v"]) { _, _ in try inside() }
    },
    Use("values in place", .reads) { model, inside in
      try model.reading.withValues(of: model.w, as: Float.self) { _ in try inside() }
    },
    Use("a forward pass", .reads) { model, inside in
      try model.meeting.within(inside) { try model.reading.forward() }
    },
    Use("a forward pass of a program that updates", .reads) { model, inside in
      try model.updating.forward()
      try inside()  // none is under way: a forward pass that has ended holds nothing
    },
    Use("a step that updates", .trains) { model, inside in
      try model.meeting.within(inside) { try model.updating.step() }
    },
    Use("a search in a step that updates", .reads) { model, inside in
      try model.meeting.within(inside) { _ = try model.updating.firstNonFinite() }
    },
    Use("a write in place", .writes) { model, inside in
      try model.writing.withMutableValues(of: model.w, as: Float.self) { _ in try inside() }
    },
    Use("new values", .writes) { model, inside in
      try model.store.replaceValues(of: ["w", "v"]) { _, bytes in
        for offset in stride(from: 0, to: bytes.byteCount, by: 4) {
          bytes.storeBytes(of: 1, toByteOffset: offset, as: Float.self)
        }
        try inside()
      }
    },
  ]

  @Test func `uses of a store meet as they should, and leave it free`() throws {
    for outer in Self.uses {
      for inner in Self.uses {
        for fails in [false, true] {
          let cell = "\(inner.name) within \(outer.name)" + (fails ? ", which fails" : "")
          let model = try Model()
          // A session does one thing at a time: a use of the same session says nothing about the store.
          let other = try Model(sharing: model)
          let outcome = Guarded<[String]>([]), values = Guarded<Set<Float>>([])
          do {
            try outer.body(model) {
              let met: String
              do {
                try inner.body(other) {}
                met = "done"
              } catch SessionError.busy {
                met = "busy"
              } catch SessionError.otherTrainer {
                met = "another trainer"
              }
              outcome.withLock { $0.append(met) }
              // Until the outer one has ended, its changes are its own.
              let seen = try other.values()
              values.withLock { $0.formUnion(seen) }
              if fails { throw Own() }
            }
            #expect(!fails, "\(cell)")
          } catch {
            #expect(fails, "\(cell): \(error)")
          }
          let isUnderWay = outer.name != "a forward pass of a program that updates"
          let expected = isUnderWay ? inner.outcome(during: outer) : "done"
          let seen = outcome.withLock { $0 }
          #expect(!seen.isEmpty && seen.allSatisfy { $0 == expected }, "\(cell): \(seen)")
          let isChanged = inner.kind == .trains && expected == "done"
          let changed = isChanged ? (2...seen.count + 1).map { Float($0) } : []
          #expect(values.withLock { $0 }.subtracting([1]) == Set(changed), "\(cell)")
          // Whatever came of it, both readers and writers get in afterwards.
          for use in Self.uses { #expect(throws: Never.self, "\(use.name) after \(cell)") { try use.body(model) {} } }
        }
      }
    }
  }

  /// Parameters that are all of one version: whoever reads several sees no two of them.
  @Test func `readers on other threads see one version whole`() throws {
    let model = try Model()
    let other = try Model(sharing: model)
    let mixed = Guarded<[String]>([]), readersLeft = Guarded(3)
    let readers = DispatchGroup()
    for reader in 0..<3 {
      DispatchQueue.global().async(group: readers) {
        for _ in 0..<400 {
          do {
            if reader == 0 {
              // Σ (w − v) is 0 in each version.
              try other.reading.forward()
              let sum = try other.reading.read(other.difference, as: Float.self)
              if sum != [0] { mixed.withLock { $0.append("a sum of \(sum)") } }
            } else {
              let values = try model.values()
              if Set(values).count != 1 { mixed.withLock { $0.append("\(values)") } }
            }
          } catch { mixed.withLock { $0.append("\(error)") } }
        }
        readersLeft.withLock { $0 -= 1 }
      }
    }
    var written = 0
    // Neither waits for the other, nor refuses it.
    while readersLeft.withLock({ $0 }) > 0 {
      if written % 2 == 0 {
        try model.updating.step()
      } else {
        let value = Float(written)
        try model.store.replaceValues(of: ["w", "v"]) { _, bytes in
          for offset in stride(from: 0, to: bytes.byteCount, by: 4) {
            bytes.storeBytes(of: value, toByteOffset: offset, as: Float.self)
          }
        }
      }
      written += 1
    }
    readers.wait()
    #expect(mixed.withLock { $0 } == [])
  }

  @Test func `values that were replaced are found by every session, and none of the older bytes`() throws {
    let model = try Model()
    let first = model.writing
    try first.forward()
    for round in 1...4 {
      try model.store.replaceValues(of: ["w", "v"]) { name, bytes in
        // The rest is zero, and not what lay there two rounds ago.
        for offset in stride(from: 0, to: name == "v" ? 4 : 8 * round, by: 4) {
          bytes.storeBytes(of: Float(round), toByteOffset: offset, as: Float.self)
        }
      }
      if round % 2 == 0 {
        try model.store.replaceValues(of: ["w"]) { _, bytes in
          for offset in stride(from: 0, to: 8 * round, by: 4) {
            bytes.storeBytes(of: Float(round), toByteOffset: offset, as: Float.self)
          }
        }
      }
      let expected = (0..<17).map { Float($0 < 2 * round ? round : 0) }
      try first.forward()
      #expect(try first.read(model.product, as: Float.self) == expected.map { $0 * Float(round) }, "round \(round)")
      #expect(try first.read(model.w, as: Float.self) == expected && model.values() == expected + [Float(round)])
    }
    try model.store.replaceValues(of: ["w"]) { _, _ in }
    #expect(try first.read(model.w, as: Float.self) == [Float](repeating: 0, count: 17))
    try first.forward()
    #expect(try first.read(model.product, as: Float.self) == [Float](repeating: 0, count: 17))
  }
}

/// Where a gate calls those who wait for it.
final class Meeting: Sendable {
  private let body = Guarded<(@Sendable () throws -> Void)?>(nil)
  func within(_ inside: @escaping @Sendable () throws -> Void, _ run: () throws -> Void) rethrows {
    body.withLock { $0 = inside }
    defer { body.withLock { $0 = nil } }
    try run()
  }
  func withinAsync(_ inside: @escaping @Sendable () throws -> Void, _ run: () async throws -> Void) async rethrows {
    body.withLock { $0 = inside }
    defer { body.withLock { $0 = nil } }
    try await run()
  }
  func call() throws { try body.withLock { $0 }?() }
}

private struct Meet: Gate {
  static let name = "meet"
  let meeting: Meeting
  static func == (left: Meet, right: Meet) -> Bool { left.meeting === right.meeting }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(meeting)) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      try meeting.call()
      _ = try arguments.output(as: Float.self).update(from: arguments.input(0, as: Float.self))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream] }
}
