import AdjointTesting
import DependencyScheduling
import Foundation
import Testing

@testable import Adjoint

/// Gates with custom kernels that state their cost: the units that they get, and estimates that are refused.
@Suite(.timeLimit(.minutes(20))) struct StatedCostTests {
  @Test(arguments: [Accumulation.graphOrder, .arrivalOrder])
  func `expensive gates get a unit each, of the stated cost, forward and backward`(accumulation: Accumulation) throws {
    let (graph, x) = graphOfSixteen()
    let gates = [1, 2].map { Working(number: $0, estimate: 30e6, backward: 40e6) }
    let y = gates.reduce(exp(x)) { $0 + graph.apply($1, to: [x]) }
    let program = try Program(
      y.sum(), gradientsFor: [x], options: Program.Options(accumulation: accumulation))
    let costs = program.plan.unitCosts
    let units = program.units(of: Working.name)
    #expect(units.count == 4 && Set(units).count == 4)
    #expect(units.map { costs[$0] } == [30e6, 30e6, 40e6, 40e6])
    #expect(units.map { program.plan.steps(of: $0).count } == [1, 1, 1, 1])
    #expect(costs.count { $0 > 1e6 } == 4, "nothing else is expensive")
    #expect(try #require(program.plan.step.estimatedSpan) < 80e6)
  }

  @Test func `a gate that says nothing costs four nanoseconds an element, and shares a unit`() throws {
    let (graph, x) = graphOfSixteen()
    let silent = try Program([1, 2].map { graph.apply(Working(number: $0), to: [x]) })
    #expect(silent.plan.unitCosts == [2 * (60 + 4 * 32)])
    let cheap = try Program([1, 2].map { graph.apply(Working(number: $0, estimate: 100), to: [x]) })
    #expect(cheap.plan.unitCosts == [200])
    let free = try Program([1, 2].map { graph.apply(Working(number: $0, estimate: 0), to: [x]) })
    #expect(free.plan.unitCosts == [0])
  }

  @Test func `an estimate is asked for the operands' shapes, those of a Jacobian's lanes included`() throws {
    let graph = Graph()
    let x = graph.input("x", [3, 16]), y = graph.input("y", [16])
    #expect(try Program(graph.apply(Sized(), to: [x, y])).plan.unitCosts == [48_000_016])
    let jacobian = try graph.jacobian(of: graph.apply(Sized(), to: [y, y]), withRespectTo: y)
    let program = try Program(jacobian)
    #expect(program.units(of: Sized.name).map { program.plan.unitCosts[$0] } == [256_000_016])
  }

  @Test func `a scan costs what its body's gates state, once for each step`() throws {
    let graph = Graph()
    let x = graph.input("x", [5, 16])
    func scan(_ number: Int, _ estimate: Double) -> Node {
      let gate = Working(number: number, estimate: estimate, backward: 2e6)
      return graph.scan(over: [x], from: []) { _, element in
        (state: [], outputs: [graph.apply(gate, to: [element[0]])])
      }.outputs[0]
    }
    let perStep: Float = 100
    #expect(try Program([scan(1, 1e6), scan(2, 3e6)]).plan.unitCosts == [5 * (1e6 + perStep), 5 * (3e6 + perStep)])
    let program = try Program(scan(3, 1e6).sum(), gradientsFor: [x])
    let backward = program.plan.unitCosts[program.plan.forwardUnitCount...]
    #expect(backward.contains { (5 * 2e6..<5 * 2.1e6).contains($0) })
  }

  @Test func `a huge estimate counts as days, and sums of such stay finite`() throws {
    let graph = Graph()
    let x = graph.input("x", [5, 16])
    let nodes = (1...3).map { number in
      graph.scan(over: [x], from: []) { _, element in
        let gate = Working(number: number, estimate: .greatestFiniteMagnitude)
        return (state: [], outputs: [graph.apply(gate, to: [element[0]])])
      }.outputs[0]
    }
    #expect(try Program(nodes).plan.unitCosts == [Float](repeating: CostModel.longest, count: 3))
    let gate = Working(number: 4, estimate: .greatestFiniteMagnitude)
    #expect(try Program(graph.apply(gate, to: [x])).plan.unitCosts == [CostModel.longest])
  }

  @Test func `two expensive gates on few elements run side by side in the first step`() throws {
    let (graph, x) = graphOfSixteen()
    let presence = Presence()
    let sums = [1, 2].map { graph.apply(Working(number: $0, estimate: 50e6, presence: presence), to: [x]).sum() }
    let session = try Program(sums, gradientsFor: [x]).makeSession(on: GraphExecutor(width: 2))
    try session.write([Float](repeating: 1, count: 16), to: x)
    try session.step()
    #expect(presence.most == 2)
    #expect(try session.gradient(of: x, as: Float.self) == [Float](repeating: 2, count: 16))
  }

  // MARK: estimates that are none

  @Test(arguments: [-1, -Double.infinity, Double.infinity, Double.nan])
  func `a bad estimate is an error that names the node`(estimate: Double) throws {
    let (graph, x) = graphOfSixteen()
    let bad = graph.apply(Working(number: 1, estimate: estimate), to: [x]).named("solver"); let line = #line
    let error = #expect(throws: GraphError.self) { try Program(exp(bad)) }
    #expect(error?.kind == .wrongEstimate)
    #expect(error?.nodeName == "solver")
    #expect(error?.location.description.hasSuffix("StatedCostTests.swift:\(line)") == true)
    #expect(error?.description.contains("working at ") == true)
    #expect(error?.description.contains("estimates its cost at \(estimate) ns") == true)
    #expect(error?.description.contains("operand x [16] float32") == true)
    #expect(throws: Never.self) { try Program(exp(x)) }  // nothing asks for it
  }

  @Test func `a bad estimate of a gate of the backward pass names the node that it belongs to`() throws {
    let (graph, x) = graphOfSixteen()
    let y = graph.apply(Working(number: 1, estimate: 1, backward: -2), to: [x]); let line = #line
    #expect(throws: Never.self) { try Program(y.sum()) }
    let error = #expect(throws: GraphError.self) { try Program(y.sum(), gradientsFor: [x]) }
    #expect(error?.kind == .wrongEstimate)
    #expect(error?.location.description.hasSuffix("StatedCostTests.swift:\(line)") == true)
  }

  @Test func `a bad estimate in the body of a scan is an error that names the node there`() throws {
    let graph = Graph()
    let x = graph.input("x", [5, 16])
    let run = graph.scan(over: [x], from: []) { _, element in
      let bad = graph.apply(Working(number: 1, estimate: -1), to: [element[0]])
      return (state: [], outputs: [bad])
    }
    let error = #expect(throws: GraphError.self) { try Program(run.outputs[0]) }
    #expect(error?.kind == .wrongEstimate)
    #expect(error?.nodeName.hasPrefix("working#") == true)
    #expect(error?.description.contains("StatedCostTests.swift") == true)
  }

  private func graphOfSixteen() -> (Graph, Node) {
    let graph = Graph()
    return (graph, graph.input("x", [16]))
  }
}

extension Program {
  /// The units that run the gates of this name, in order.
  fileprivate func units(of gate: String) -> [Int] {
    plan.unitCosts.indices.filter { unit in
      plan.steps[plan.steps(of: unit)].contains { provenance.gateName(of: $0.node) == gate }
    }
  }
}

/// How many kernels are at work, and were at most at the same time.
private final class Presence: Sendable {
  private let counts = Guarded((now: 0, most: 0))
  var most: Int { counts.withLock { $0.most } }

  func work() {
    counts.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
    Thread.sleep(forTimeInterval: 0.05)
    // On a busy machine the second worker may start late: the test is that it starts before the first kernel ends.
    let deadline = Date() + 10
    while most < 2, Date() < deadline { Thread.sleep(forTimeInterval: 0.005) }
    counts.withLock { $0.now -= 1 }
  }
}

/// A copy of its operand that says what it costs.
private struct Working: Gate {
  static let name = "working"
  let number: Int
  var estimate: Double?
  /// What the gate of its pullback states.
  var backward: Double?
  var presence: Presence?
  static func == (left: Working, right: Working) -> Bool {
    (left.number, left.estimate, left.backward) == (right.number, right.estimate, right.backward)
  }
  func hash(into hasher: inout Hasher) { hasher.combine(number) }
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  var kernel: Kernel {
    .custom { arguments in
      presence?.work()
      _ = try arguments.output(as: Float.self).update(from: arguments.input(0, as: Float.self))
    }
  }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Working(number: -number, estimate: backward), to: [upstream])]
  }
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? { estimate }
}

/// x + y by a formula; a million nanoseconds for each element of x, and one for each of y.
private struct Sized: ElementwiseGate {
  static let name = "sized"
  func value(_ x: ElementOperands) -> Double { x[0] + x[1] }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream.graph.apply(Sized(), to: [upstream, node.inputs[1]]), nil]
  }
  func estimatedNanoseconds(_ inputs: [Shape]) -> Double? {
    1e6 * Double(inputs[0].elementCount) + Double(inputs[1].elementCount)
  }
}
