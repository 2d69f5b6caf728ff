import Adjoint
import AdjointTesting
import Testing

/// Zeros around a value, by the function that users have.
@Suite(.timeLimit(.minutes(20))) struct PaddedTests {
  @Test func `zeros come before and after along the axis`() throws {
    let graph = Graph()
    let x = graph.constant([1, 2, 3, 4] as [Float], [2, 2])
    let rows = x.padded(front: 1, back: 2), columns = x.padded(front: 0, back: 1, axis: -1)
    let session = try Program([rows, columns]).makeSession()
    try session.forward()
    #expect(rows.shape == [5, 2] && columns.shape == [2, 3])
    #expect(try session.read(rows, as: Float.self) == [0, 0, 1, 2, 3, 4, 0, 0, 0, 0])
    #expect(try session.read(columns, as: Float.self) == [1, 2, 0, 3, 4, 0])
  }

  @Test func `its gradient is the slice, and a slice of it is the value`() throws {
    let graph = Graph()
    let x = graph.input("x", [3])
    let weights = graph.constant([10, 20, 30, 40, 50, 60] as [Float], [6])
    let padded = x.padded(front: 1, back: 2)
    let back = padded.sliced(1..<4)
    let program = try Program((padded * weights).sum(), gradientsFor: [x], alsoComputing: [back])
    let session = program.makeSession()
    try session.write([1, 2, 3] as [Float], to: x)
    try session.step()
    #expect(try session.gradient(of: x, as: Float.self) == [20, 30, 40])
    #expect(try session.read(back, as: Float.self) == [1, 2, 3])
  }

  @Test func `a negative number of zeros is an error that says what is allowed`() {
    let graph = Graph()
    let x = graph.input("x", [3])
    let error = #expect(throws: GraphError.self) { try Program(x.padded(front: -1, back: 0)) }
    #expect(error?.description.contains("zeros before and after are at least 0, got -1 and 0") == true)
  }
}
