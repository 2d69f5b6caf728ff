import Adjoint
import Testing

/// Sums that grow over very many steps of a scan.
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
