import Adjoint
import AdjointTesting
import Testing

/// Scans that are refused, and what the error says.
@Suite(.timeLimit(.minutes(20))) struct WrongScanTests {
  private func message(_ nodes: [Node]) -> String {
    #expect(throws: GraphError.self) { try Program(nodes) }?.description ?? ""
  }

  @Test func `a state that changes its shape is refused with both shapes and lines`() {
    let graph = Graph()
    let x = graph.input("x", [5, 3]), start = graph.input("start", [1]); let startLine = #line
    let run = graph.scan(over: [x], from: [start]) { (state: [state0($0) + $1[0]], outputs: []) }; let line = #line
    let message = message(run.state)
    #expect(message.contains("scan at AdjointTests/WrongScanTests.swift:\(line)"))
    #expect(message.contains("the state begins as [1] float32 and is [3] float32 after a step"))
    #expect(message.contains("start [1] float32, made at AdjointTests/WrongScanTests.swift:\(startLine)"))
  }

  private func state0(_ state: [Node]) -> Node { state[0] }

  @Test func `sequences of two lengths, and none, are refused`() {
    let graph = Graph()
    let x = graph.input("x", [5, 3]), y = graph.input("y", [4]), z = graph.input("z")
    func run(_ sequences: [Node], _ state: [Node]) -> [Node] {
      graph.scan(over: sequences, from: state) { state, _ in (state: state, outputs: []) }.state
    }
    #expect(message(run([x, y], [z])).contains("is 4 long, and this scan takes 5 steps"))
    #expect(message(run([z], [z])).contains("is no sequence: it has no first axis to go along"))
    #expect(message(run([], [z])).contains("a scan takes at least one step, got 0"))
    let labels = graph.input("labels", [], .int32)
    #expect(message(run([x], [labels])).contains("integers belong into a sequence"))
  }

  @Test func `the body's own mistake is the error, with its line`() {
    let graph = Graph()
    let x = graph.input("x", [5, 3]), weights = graph.input("weights", [4, 4])
    let run = graph.scan(over: x, from: graph.constant(0, [1, 3])) { state, _ in
      (state.matmul(weights), state)
    }
    #expect(message([run.outputs]).contains("the inner extents differ: 3 and 4"))
  }

  @Test func `a body whose output does not fit is refused before it is split`() {
    let graph = Graph()
    let x = graph.input("x", [200, 3]), start = graph.input("start", [4])
    let run = graph.scan(over: [x], from: [start, start]) { state, element in
      let next = [tanh(state[0]), tanh(state[1] + state[0])]
      return (state: next, outputs: [state[0] * element[0], next[1]])
    }
    let line = #line - 2
    for node in run.state + run.outputs {
      let message = message([node])
      #expect(message.contains("do not broadcast: extents 4 and 3 differ"), "\(message)")
      #expect(message.contains("ScanTests.swift:\(line)"), "\(message)")
    }
    #expect(throws: GraphError.self) { try graph.gradients(of: [run.outputs[1].sum()], withRespectTo: [x]) }
  }

  /// Scans that are refused, of two parts of a state and three outputs each.
  struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let run: @Sendable (Graph, _ line: UInt) -> Scanned
    init(_ name: String, _ run: @escaping @Sendable (Graph, _ line: UInt) -> Scanned) {
      (testDescription, self.run) = (name, run)
    }
  }

  private static func scan(
    _ graph: Graph, _ line: UInt, over sequences: [Node], from initial: [Node]? = nil, steps: Int? = nil,
    changing change: (Node) -> Node = { $0 }
  ) -> Scanned {
    let initial = initial ?? [graph.input("a", [3]), graph.input("b", [2])]
    return graph.scan(over: sequences, from: initial, steps: steps, line: line) { state, element in
      let x = element.first ?? state[0]
      return (state: [change(state[0]), state[1]], outputs: [x, state[0], square(state[1])])
    }
  }

  static let refusals = [
    Refusal("steps") { scan($0, $1, over: [], steps: 0) },
    Refusal("no steps") { scan($0, $1, over: []) },
    Refusal("too many steps") { scan($0, $1, over: [], steps: .max) },
    Refusal("a scalar sequence") { scan($0, $1, over: [$0.input("x")]) },
    Refusal("two lengths") { scan($0, $1, over: [$0.input("x", [5]), $0.input("y", [4])]) },
    Refusal("another length than steps") { scan($0, $1, over: [$0.input("x", [5])], steps: 4) },
    Refusal("a state of integers") { graph, line in
      scan(graph, line, over: [graph.input("x", [5])], from: [graph.input("a", [2], .int32), graph.input("b")])
    },
    Refusal("a state of another shape") { scan($0, $1, over: [$0.input("x", [5])]) { $0.sum() } },
    Refusal("a state of another type") {
      scan($0, $1, over: [$0.input("x", [5])]) { oneHot($0.argmax(), classes: 3, .float64) }
    },
    Refusal("outputs of integers") { scan($0, $1, over: [$0.input("x", [5], .int32)]) },
    Refusal("outputs beyond any memory") { graph, line in
      scan(graph, line, over: [], from: [graph.input("a", [1 << 40]), graph.input("b")], steps: 1 << 20)
    },
  ]

  @Test(arguments: refusals) func `a refused scan has all its results, each the error`(refusal: Refusal) throws {
    let graph = Graph()
    let run = refusal.run(graph, 7)
    #expect(run.state.count == 2 && run.outputs.count == 3)
    let first = #expect(throws: GraphError.self) { try Program(run.state[0]) }
    #expect(first?.kind == .shapeMismatch)
    #expect(
      first?.description.hasPrefix("scan at AdjointTests/WrongScanTests.swift:7: ") == true,
      "\(first?.description ?? "no error")")
    for node in run.state + run.outputs {
      #expect(#expect(throws: GraphError.self) { try Program(exp(node)) } == first)
      #expect(throws: GraphError.self) { try graph.gradients(of: [node.sum()], withRespectTo: [node]) }
    }
    let x = graph.input("after")
    let session = try Program(x * 2).makeSession()
    try session.write(3, to: x)
    try session.forward()
    #expect(try session.read(x) == 3)
  }

  @Test func `a refused scan tells its body`() {
    let graph = Graph()
    var kept: [Node] = []
    let run = graph.scan(over: [graph.input("x", [5])], from: [graph.input("a", [3])], steps: 4) { state, element in
      kept = state + element
      return (state: state, outputs: [])
    }
    #expect(kept.map(\.shape) == [[3], []])
    for node in kept { #expect(message([exp(node)]) == message(run.state)) }
  }

  @Test func `what was refused before a scan is what its results are refused for`() {
    let graph = Graph()
    let bad = graph.input("x", [5, 3]).reshaped([4]); let line = #line
    let good = graph.input("good", [5, 3]), start = graph.constant(0, [3])
    let runs = [
      graph.scan(over: [bad], from: [start]) { state, x in (state: [state[0] + x[0]], outputs: [x[0]]) },
      graph.scan(over: [good], from: [bad]) { state, x in (state: [state[0] + x[0]], outputs: [x[0]]) },
      graph.scan(over: [good], from: [start]) { state, x in (state: [state[0] + bad], outputs: [x[0]]) },
      graph.scan(over: [good], from: [start]) { state, x in (state: [state[0] + x[0]], outputs: [bad]) },
    ]
    for node in runs.flatMap({ $0.state + $0.outputs }) {
      #expect(message([node]).contains("reshape at AdjointTests/WrongScanTests.swift:\(line)"), "\(message([node]))")
    }
  }

  @Test func `the body's nodes are not to be read outside of it`() {
    let graph = Graph()
    let x = graph.input("x", [5])
    var kept: Node?
    _ = graph.scan(over: x, from: graph.constant(0)) { state, element in
      kept = element
      return (state + element, state)
    }
    let error = #expect(throws: GraphError.self) { try Program(kept! * 2) }
    #expect(error?.kind == .outsideScan)
  }

  @Test func `a body may throw`() {
    struct Refusal: Error {}
    let graph = Graph()
    let x = graph.input("x", [5])
    #expect(throws: Refusal.self) {
      _ = try graph.scan(over: [x], from: []) { (_, _) throws(Refusal) in throw Refusal() }
    }
  }
}
