public import Adjoint

/// Layer normalisation (Ba, Kiros, Hinton 2016): y = (x − mean) / √(variance + ε) · gain + bias, mean and variance over
/// the last axis, with the parameters `name/gain`, which begins at 1, and `name/bias`, which begins at 0.
///
/// The result has the shape of x, `[…, width]`.
public func layerNorm(
  _ x: Node, _ name: String, epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  return graph.scope(name) {
    graph.placing(at: fileID, line) {
      let width: Shape = [x.shape.dimensions.last ?? 1]
      let gain = graph.parameter("gain", width, .ones, x.elementType)
      let bias = graph.parameter("bias", width, .zeros, x.elementType)
      return layerNormalization(x, epsilon: epsilon) * gain + bias
    }
  }
}
