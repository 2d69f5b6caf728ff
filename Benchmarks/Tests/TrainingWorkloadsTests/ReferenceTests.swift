import Adjoint
import Testing
import TrainingWorkloads

@Suite struct ReferenceTests {
  /// The loss, and the sum of squares of all gradients, worked out in float64 by another program on the same inputs.
  struct Reference {
    let name: String
    let loss: Double, squares: Double
  }

  static let references = [
    Reference(name: "mlp", loss: 2.3661719242002635, squares: 2.676483923620864),
    Reference(name: "tiny_mlp", loss: 0.540718728284286, squares: 3.455290824068674),
    Reference(name: "wide_dag", loss: 0.161870714776561, squares: 0.00010935199237866392),
    Reference(name: "lstm", loss: 0.009215196621964909, squares: 5.307789675073703e-05),
    Reference(name: "attention", loss: 0.5389867762074487, squares: 0.08198758542219474),
    Reference(name: "scalar_chain", loss: 0.048904421277223775, squares: 7524.03449956063),
    Reference(name: "small_cnn", loss: 3.2987896015734255, squares: 590.2913355379934),
    Reference(name: "alexnet", loss: 12.450477834322486, squares: 26494.45001487413),
  ]

  /// Float32 has 6e-8 of rounding an operation; over these graphs it adds up to less than 1e-5.
  @Test(arguments: references)
  func `one step agrees with float64`(reference: Reference) throws {
    let workload = try #require(TrainingWorkload.named(reference.name))
    let session = try Program(workload.loss, gradientsFor: workload.parameters).makeSession()
    try workload.feed(session)
    try session.step()
    let squares = try workload.parameters.map { parameter in
      try session.gradient(of: parameter, as: Float.self).reduce(0.0) { $0 + Double($1) * Double($1) }
    }.reduce(0, +)
    #expect(try abs(session.read(workload.loss) / reference.loss - 1) < 1e-5)
    #expect(abs(squares / reference.squares - 1) < 1e-5)
  }

  @Test func `every workload that is named exists and has a reference`() {
    #expect(TrainingWorkload.names == Self.references.map(\.name))
    for name in TrainingWorkload.names { #expect(TrainingWorkload.named(name) != nil) }
    #expect(TrainingWorkload.named("none") == nil)
  }
}
