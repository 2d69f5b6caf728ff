import Adjoint
import Foundation
import Testing

/// √(a² + b²) is right where squares overflow or vanish.
@Suite(.timeLimit(.minutes(20))) struct HypotenuseTests {
  @Test func `a hypotenuse is right over the whole range, one number alone or many`() throws {
    let tiny = Float.leastNonzeroMagnitude, largest = Float.greatestFiniteMagnitude
    let lengths: [Float] = [
      0, tiny, 3000 * tiny, 1e-30, 3e-23, 4e-23, -3, 4, 1e20, -3e19, 4e19, 2e38, largest, .infinity,
    ]
    for a in lengths {
      let graph = Graph()
      let x = graph.input("x", [lengths.count]), y = graph.input("y", [lengths.count]), u = graph.input("u")
      let many = hypotenuse(x, y), one = hypotenuse(u, graph.constant(Double(lengths[4])))
      let session = try Program([many, one]).makeSession()
      try session.write([Float](repeating: a, count: lengths.count), to: x)
      try session.write(lengths, to: y)
      try session.write(Double(a), to: u)
      try session.forward()
      for (value, b) in zip(try session.read(many, as: Float.self), lengths) {
        let wanted = Float(hypot(Double(a), Double(b)))
        #expect(value == wanted || abs(value - wanted) <= 2 * wanted.ulp, "\(a), \(b)")
      }
      #expect(try session.read(one, as: Float.self)[0] == session.read(many, as: Float.self)[4])
    }
  }

  @Test func `its gradient is the direction, and 0 at the origin`() throws {
    let graph = Graph()
    let a = graph.input("a", [3]), b = graph.input("b", [3])
    let session = try Program(hypotenuse(a, b).sum(), gradientsFor: [a, b]).makeSession()
    try session.write([3e30, 3e-30, 0] as [Float], to: a)
    try session.write([-4e30, 4e-30, 0] as [Float], to: b)
    try session.step()
    for (variable, wanted) in [(a, [0.6, 0.6, 0]), (b, [-0.8, 0.8, 0])] as [(Node, [Float])] {
      for index in 0..<3 {
        let value = try session.withGradient(of: variable, as: Float.self) { $0[index] }
        #expect(abs(value - wanted[index]) <= 1e-6)
      }
    }
  }
}
