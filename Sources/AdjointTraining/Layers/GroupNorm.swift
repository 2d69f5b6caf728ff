public import Adjoint

/// Group normalisation (Wu, He 2018): y = (x − mean) / √(variance + ε) · gain + bias, mean and variance over a group of
/// neighbouring channels of one row and all that lies behind them, with the parameters `name/gain`, which begins at 1,
/// and `name/bias`, which begins at 0.
///
/// x is `[batch, channels, …]`, images say, and so is the result. One group is a layer normalisation of each image; as
/// many as channels are an instance normalisation. Channels that are not divisible into the groups are an error when
/// compiling, with the line of this call.
public func groupNorm(
  _ x: Node, _ name: String, groups: Int, epsilon: Double = 1e-5, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  guard x.shape.rank >= 2, groups >= 1, x.shape[1] % groups == 0 else {
    let reason = "the channels along axis 1 of shape \(x.shape) are not divisible into \(groups) groups"
    return graph.refused(Reshape(x.shape), [x], reason, fileID: fileID, line: line)
  }
  return graph.scope(name) {
    graph.placing(at: fileID, line) {
      let channels = x.shape[1]
      let perChannel = Shape([channels] + [Int](repeating: 1, count: x.shape.rank - 2))
      let gain = graph.parameter("gain", [channels], .ones, x.elementType).reshaped(perChannel)
      let bias = graph.parameter("bias", [channels], .zeros, x.elementType).reshaped(perChannel)
      let rows = x.shape[0] * groups
      let vectors = x.reshaped([rows, x.shape.elementCount / rows])
      return layerNormalization(vectors, epsilon: epsilon).reshaped(x.shape) * gain + bias
    }
  }
}
