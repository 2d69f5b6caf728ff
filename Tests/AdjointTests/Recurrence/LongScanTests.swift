import Adjoint
import Testing

/// Sums over very many steps of a scan, and of very many terms in a step.
@Suite(.timeLimit(.minutes(20))) struct LongScanTests {
  @Test func `the gradient of a weight in thirty thousand steps keeps six digits`() throws {
    let steps = 30_000
    let graph = Graph()
    let weight = graph.input("weight", [1]), tenths = graph.input("tenths", [steps, 1])
    // Running sums are not applied to all steps together, so that the body stays whole and the gradient grows in it.
    let scanned = graph.scan(over: tenths, from: graph.constant(0, [1])) { state, element in
      let next = (element * weight).cumulativeSum()
      return (next, next)
    }
    let session = try Program(scanned.outputs.sum(), gradientsFor: [weight]).makeSession()
    try session.write([Float](repeating: 0.1, count: steps), to: tenths)
    try session.write([1] as [Float], to: weight)
    try session.step()
    let gradient = try session.gradient(of: weight, as: Float.self)[0]
    #expect(abs(Double(gradient) / (Double(Float(0.1)) * Double(steps)) - 1) < 1e-6)
  }

  /// The nodes of a graph with the gradient of a scan in each of whose steps a value is doubled so often: going back,
  /// each gradient is a sum of the one before and itself. The gradient of a value that is added to an element is such a
  /// sum; that of a factor is a product with one.
  private func nodeCount(
    doublings: Int, adds: Bool
  ) throws -> (count: Int, program: Program, weight: Node, x: Node) {
    let graph = Graph()
    let weight = graph.input("weight", [2]), x = graph.input("x", [3, 2])
    let run = graph.scan(over: x, from: graph.constant(0, [2])) { state, element in
      let first = adds ? element + weight : element * weight
      return (state: 0.5 * state + element, output: (0..<doublings).reduce(first) { y, _ in y + y })
    }
    let program = try Program(run.outputs.sum() + run.state.sum(), gradientsFor: [weight])
    _ = try graph.gradients(of: [run.outputs.sum() + run.state.sum()], withRespectTo: [weight])
    return (graph.nodeCount, program, weight, x)
  }

  @Test(arguments: [false, true]) func `a chain of sums in a step adds as many nodes for each sum`(
    adds: Bool
  ) throws {
    let counts = try [4, 8, 12, 16].map { try nodeCount(doublings: $0, adds: adds).count }
    #expect(Set(zip(counts.dropFirst(), counts).map { $0 - $1 }).count == 1, "\(counts)")
    let (_, program, weight, x) = try nodeCount(doublings: 16, adds: adds)
    let session = program.makeSession()
    try session.write([1, 2, 3, 4, 5, 6] as [Float], to: x)
    try session.write([1, 1] as [Float], to: weight)
    try session.step()
    #expect(try session.gradient(of: weight, as: Float.self) == (adds ? [3, 3] : [9, 12]).map { $0 * 65_536 })
  }

  @Test(arguments: [-Float.infinity, .infinity]) func `a sum that becomes infinite in a step stays infinite`(
    element: Float
  ) throws {
    let steps = SplitScan.mostPlainSteps + 3
    let graph = Graph()
    let weight = graph.input("weight", [1]), elements = graph.input("elements", [steps, 1])
    let scanned = graph.scan(over: elements, from: graph.constant(0, [1])) { state, element in
      (state, (element * weight).cumulativeSum())
    }
    let session = try Program(scanned.outputs.sum(), gradientsFor: [weight]).makeSession()
    var values = [Float](repeating: 0.1, count: steps)
    values[1] = element
    try session.write(values, to: elements)
    try session.write([1] as [Float], to: weight)
    try session.step()
    #expect(try session.gradient(of: weight, as: Float.self) == [element])
  }
}
