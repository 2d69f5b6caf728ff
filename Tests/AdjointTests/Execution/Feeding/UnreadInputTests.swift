import DependencyScheduling
import Testing

@testable import Adjoint

/// Inputs of the graph that a program does not read: fed like any other, checked like any other, and ignored.
@Suite(.timeLimit(.minutes(20))) struct UnreadInputTests {
  private let graph = Graph()
  private let x: Node, unread: Node, labels: Node, weight: Node, other: Node, loss: Node, hidden: Node
  private let line: Int

  init() {
    x = graph.input("x", [2])
    unread = graph.input("unread", [3]); line = #line
    labels = graph.input("labels", [2], .int32)
    weight = graph.parameter("weight", [2], .ones)
    other = graph.parameter("other", [2], .values([5, 6] as [Float]))
    hidden = x * weight
    loss = (hidden + 1).sum()
    _ = unread.sum() + other.sum()
  }

  /// What a test does to feed an input.
  private enum Way: CaseIterable { case floats, doubles, span, loan }

  private func feed<T: GraphScalar & BinaryFloatingPoint>(
    _ session: Session, _ node: Node, _ values: [T], _ way: Way, _ body: () throws -> Void = {}
  ) throws {
    switch way {
    case .floats: try session.write(values, to: node)
    case .doubles: try session.write(values.map { Double($0) }, to: node)
    case .span:
      try session.withMutableValues(of: node, as: T.self) { span in
        for index in span.indices { span[index] = values[index] }
      }
    case .loan: return try session.lending(values.span, asInput: node, body)
    }
    try body()
  }

  @Test func `one function feeds the function, its gradient and the gradient's program`() throws {
    func feed(_ session: Session) throws {
      try session.write([3, 4] as [Float], to: x)
      try session.write([1, 2, 3] as [Float], to: unread)
      try session.write([0, 1] as [Int32], to: labels)
      try session.write([7, 8] as [Float], to: weight)
    }
    let slope = try #require(try graph.gradients(of: [loss], withRespectTo: [weight])[0])
    let linear = try #require(try graph.gradients(of: [loss], withRespectTo: [x])[0])
    let programs = try [
      Program(loss), Program(loss, gradientsFor: [x, weight]), Program(slope), Program(linear), Program(weight * 2),
    ]
    let values = try programs.map { program in
      let session = program.makeSession()
      try feed(session)
      try session.forward()
      return try session.doubles(of: Node(graph: graph, id: program.endpoints.outputs[0]))
    }
    // The second gradient reads no input, and the first no weight.
    #expect(values == [[55], [55], [3, 4], [7, 8], [14, 16]])
  }

  @Test(arguments: Way.allCases.indices) func `it is checked like an input that is read, and nothing of it stays`(
    way: Int
  ) throws {
    let way = Way.allCases[way]
    let session = try Program(loss, gradientsFor: [weight]).makeSession()
    try session.write([3, 4] as [Float], to: x)
    try session.forward()
    var ran = false
    try feed(session, unread, [1, 2, 3] as [Float], way) { ran = true }
    #expect(ran)
    // What a forward pass has computed is current still.
    try session.backward()
    #expect(try session.gradient(of: weight, as: Float.self) == [3, 4])
    if way != .span {
      let count = #expect(throws: SessionError.self) { try feed(session, unread, [1, 2] as [Float], way) }
      let read = #expect(throws: SessionError.self) { try feed(session, x, [1, 2, 3] as [Float], way) }
      #expect(
        count?.description.contains("unread [3] float32, made at AdjointTests/UnreadInputTests.swift:\(line)") == true)
      func tail(_ error: SessionError?) -> String { "\(error.map { "\($0)" } ?? "")".components(after: "Tests.swift:") }
      #expect(tail(count).filter { !$0.isNumber } == tail(read).filter { !$0.isNumber })
    }
    if way != .doubles {
      let type = #expect(throws: SessionError.self) { try feed(session, unread, [1, 2, 3] as [Double], way) }
      #expect(type?.description.contains("holds float32, not float64") == true)
    }
    let kept = #expect(throws: SessionError.self) { try session.read(unread, as: Float.self) }
    #expect(kept?.description.contains("unread, made at AdjointTests/UnreadInputTests.swift:\(line)") == true)
    #expect(
      kept?.description.contains("is an input that the program does not read: what it is fed is not kept") == true)
  }

  @Test func `an integer that is none is refused also where nobody reads it`() throws {
    let session = try Program(loss).makeSession()
    let error = #expect(throws: SessionError.self) { try session.write([0.5, 1], to: labels) }
    #expect(error?.description.contains("labels [2] int32, made at") == true)
    #expect(error?.description.contains("takes int32, got 0.5") == true)
  }

  @Test func `an input that was made after the program is ignored as well`() throws {
    let session = try Program(loss).makeSession()
    let late = graph.input("late", [2]), later = graph.parameter("later", [2])
    try session.write([1, 2] as [Float], to: late)
    let count = #expect(throws: SessionError.self) { try session.write([1] as [Float], to: late) }
    #expect(count?.description.contains("late [2] float32, made at AdjointTests/UnreadInputTests.swift:") == true)
    // What such a parameter begins at, the program does not know.
    let error = #expect(throws: SessionError.self) { try session.write([1, 2] as [Float], to: later) }
    #expect(error?.description.contains("is no input, parameter or output of the program") == true)
  }

  @Test func `a parameter that the program does not read is in the store`() throws {
    let store = ParameterStore()
    let session = try Program(loss).makeSession(parameters: store)
    #expect(try session.read(other, as: Float.self) == [5, 6])
    try session.write([8, 9] as [Float], to: other)
    let reader = try Program(other * 2).makeSession(parameters: store)
    try reader.forward()
    #expect(try reader.read(other, as: Float.self) == [8, 9])
    let count = #expect(throws: SessionError.self) { try session.write([1] as [Float], to: other) }
    #expect(count?.description.contains("takes 2 values, got 1") == true)
  }

  @Test func `what is no input, or of another graph, is refused, and the message says which`() throws {
    let session = try Program(loss).makeSession()
    let scanned = graph.scan(over: x, from: graph.constant(0)) { state, element in (state + element, element) }
    let stranger = Graph().input("stranger", [2])
    let refusals: [(Node, String)] = [
      (hidden, "is no input, parameter or output of the program"),
      (scanned.state, "is no input, parameter or output of the program"),
      (graph.constant([1, 2] as [Float], [2]), "is no input, parameter or output of the program"),
      (loss, "is computed: only inputs and parameters are written"),
      (stranger, "stranger, made at AdjointTests/UnreadInputTests.swift:"),
      (stranger, "belongs to another graph than the one that the program was compiled from"),
    ]
    for (node, sentence) in refusals {
      let error = #expect(throws: SessionError.self) { try session.write([1, 2] as [Float], to: node) }
      #expect(error?.description.contains(sentence) == true, "\(error.map { "\($0)" } ?? "no error")")
    }
    let loan = #expect(throws: SessionError.self) { try session.lending(([1, 2] as [Float]).span, asInput: weight) {} }
    #expect(loan?.description.contains("is no input: only inputs read lent memory") == true)
    let gradient = #expect(throws: SessionError.self) { try session.gradient(of: stranger, as: Float.self) }
    #expect(gradient?.description.contains("belongs to another graph") == true)
  }

  @Test func `what is wrong with an unread source is said when it is written`() throws {
    let session = try Program(loss).makeSession()
    let empty = graph.input("empty", [0]), bad = graph.parameter("bad", [2], .constant(.nan))
    let shape = #expect(throws: GraphError.self) { try session.write([] as [Float], to: empty) }
    #expect(shape?.description.contains("an extent of 0 holds no element") == true)
    _ = bad
  }
}

extension String {
  /// What follows the first occurrence of `text`.
  fileprivate func components(after text: String) -> String {
    firstRange(of: text).map { String(self[$0.upperBound...]) } ?? ""
  }
}
