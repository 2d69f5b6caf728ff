public import Adjoint

/// A dense layer: y = x · W + b, its parameters `name/weights` and `name/bias`.
///
/// ```swift
/// let hidden = relu(dense(images, "hidden", to: 128, .heNormal()))
/// let logits = dense(hidden, "digits", to: 10)
/// ```
/// x is `[…, inputs]` and the result `[…, width]`. The weights `[inputs, width]` begin as `initializer` says, at
/// Glorot's uniform numbers if it is left out, the bias at 0.
public func dense(
  _ x: Node, _ name: String, to width: Int, _ initializer: Initializer = .glorotUniform(),
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  return graph.scope(name) {
    let inputs = x.shape.dimensions.last ?? 1
    let weights = graph.parameter("weights", [inputs, width], initializer, x.elementType, fileID: fileID, line: line)
    let bias = graph.parameter("bias", [width], .zeros, x.elementType, fileID: fileID, line: line)
    let product = x.matmul(weights, fileID: fileID, line: line)
    return graph.apply(Add(), to: [product, bias], fileID: fileID, line: line)
  }
}
