/// Layer normalisation without parameters: y = (x − μ) / √(σ² + ε), μ and σ² the mean and variance over `axes` (the last, if
/// left out) of each vector by itself (Ba, Kiros, Hinton 2016). Gradients flow through μ and σ² too.
///
/// ```swift
/// let y = layerNormalization(x) * gain + bias
/// ```
/// The result has the shape of x; a negative axis counts from the end. `epsilon`, above 0 in the type of x, keeps a vector of
/// one value, whose result is 0, from being divided by 0. A NaN or an infinite element makes its whole vector NaN.
///
/// - Complexity: three passes over x forward.
public func layerNormalization(
  _ x: Node, axes: [Int] = [-1], epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  checkEpsilon(epsilon, x.elementType, "layer")
  let mean = Mean(axes: x.frontAxes(axes), keepsAxes: true)
  let x = Term(x, fileID, line)
  let centred = x - x.applying(mean)
  let variance = centred.applying(Square()).applying(mean)
  return (centred / (variance + epsilon).applying(SquareRoot())).node
}
