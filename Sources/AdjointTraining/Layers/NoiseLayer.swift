public import Adjoint

/// Normally distributed numbers of mean 0 and variance 1, which each step draws anew: what a variational autoencoder
/// adds to its codes, or a network to its inputs.
///
/// ```swift
/// let noise = NoiseLayer(in: graph, "noise", seed: 7)
/// let code = mean + exp(0.5 * logVariance) * noise(mean.shape)
/// let loss = meanSquaredError(dense(code, "pixels", to: 16), images)
/// let trainer = try Trainer(
///   loss, optimizer: Adam(), rate: .constant(0.001), batches: batches, alsoUpdating: noise.updates)
/// ```
/// The number of the step is the state `name/step`, which a trainer saves and resumes with the others. What is drawn
/// depends on the seed, the step, and the place of the noise among the dropouts and noises of its scope: it is the same
/// bits at every width. A network that evaluates makes its layer with `isTraining: false`: its noise is 0 then, no state
/// is made and nothing updated.
///
/// A number is √(−2 log u) · cos 2πv (Box, Muller 1958), and u and v are made of 24 random bits each, drawn by
/// ``/Adjoint/dropout(_:rate:step:seed:isTraining:fileID:line:)``. So its magnitude is at most √(48 log 2) = 5.77.
public struct NoiseLayer: Sendable {
  private let bits: DropoutLayer
  private let graph: Graph

  /// Of u, and of v: they are multiples of 2⁻²⁴, which float32 has all of.
  private static let bitCount = 24

  /// What decides the numbers that are drawn.
  public var seed: UInt64 { bits.seed }
  /// The int32 state that counts steps; `nil` in evaluation.
  public var step: Node? { bits.step }
  /// What a training is to update besides its parameters.
  public var updates: [ParameterUpdate] { bits.updates }

  /// Makes the state `name/step`, which begins at 0, unless `isTraining` is false.
  public init(
    in graph: Graph, _ name: String, seed: UInt64 = 0, isTraining: Bool = true,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    self.graph = graph
    bits = DropoutLayer(in: graph, name, seed: seed, isTraining: isTraining, fileID: fileID, line: line)
  }

  /// New numbers of this shape, at each call others; zeros in evaluation.
  ///
  /// - Complexity: 48 random words a number, and memory for as many.
  public func callAsFunction(
    _ shape: Shape, _ type: ElementType = .float32, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.placing(at: fileID, line) {
      guard step != nil else { return graph.constant(0, shape, type) }
      // Each bit is 0 or 2, a dropout having doubled what it kept.
      let ones = graph.constant(1, Shape(shape.dimensions + [2, Self.bitCount]), type)
      let weights = (0..<Self.bitCount).map { Double(sign: .plus, exponent: -2 - $0, significand: 1) }
      let uniform = (bits(ones, rate: 0.5) * graph.constant(doubles: weights, [Self.bitCount], type)).sum(axes: [-1])
      let length = sqrt(-2 * log(1 - uniform[..., 0])), angle = 2 * Double.pi * uniform[..., 1]
      return length * cos(angle)
    }
  }
}
