/// Layer normalisation without parameters: y = (x − μ) / √(σ² + ε), μ and σ² the mean and variance over `axes` (the
/// last, if left out) of each vector by itself (Ba, Kiros, Hinton 2016). Gradients flow through μ and σ² too.
///
/// ```swift
/// let y = layerNormalization(x) * gain + bias
/// ```
/// The result has the shape of x; a negative axis counts from the end. `epsilon`, above 0 in the type of x, keeps a
/// vector of one value, whose result is 0, from being divided by 0. A NaN or an infinite element makes its whole
/// vector NaN.
///
/// Vectors are centred twice, and scaled where squares would overflow: what is far from 0 and close together, huge or
/// tiny is right to its own rounding, and a constant gives exactly 0.
///
/// - Complexity: four passes over x forward.
public func layerNormalization(
  _ x: Node, axes: [Int] = [-1], epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let centred = CentredTerm(Term(x, fileID, line)) { $0.applying(Mean(axes: axes, keepsAxes: true)) }
  let square = centred.values.applying(ScaledMeanSquare(axes: axes))
  let scale = square.scaleOfMeanSquare()
  // Both are times the square of all that x was multiplied by.
  let variance = square.applying(Absolute())
  let shift = square.literal(epsilon) * centred.scale * centred.scale * scale * scale
  let factor = square.literal(1) / (variance + shift).applying(SquareRoot())
  return (centred.values * scale * factor).refused(unlessHolding: epsilon, ofNormalisation: "layer").node
}
