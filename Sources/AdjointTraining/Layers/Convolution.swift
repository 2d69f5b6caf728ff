public import Adjoint

/// A layer of convolutions in two dimensions: y = x ∗ K + b, its parameters `name/kernels` and `name/bias`.
///
/// ```swift
/// let edges = relu(convolution(images, "edges", to: 64, kernel: 11, stride: 4, padding: 2))
/// let parts = relu(convolution(maxPool(edges, window: 2), "parts", to: 192, kernel: 5, padding: 2))
/// let logits = dense(flattened(parts), "classes", to: 10)
/// ```
/// x is `[batch, channels, height, width]` and the result `[batch, filters, height, width]`, whose extents
/// `ConvolutionWindow.result(of:under:)` tells. The kernels `[filters, channels / groups, height, width]` begin as
/// `initializer` says for kernels (`Initializer.forKernels`), at He's normal numbers if it is left out; the bias, one a
/// filter, begins at 0, and `hasBias: false` leaves it out where a normalisation behind the layer would take it away
/// again. Images and groups that do not fit are errors when compiling, with the line of this call.
///
/// - Complexity: that of the gate, `convolution(_:_:stride:padding:dilation:groups:)`.
public func convolution(
  _ x: Node, _ name: String, to filters: Int, kernel: Extents2D, stride: Extents2D = 1, padding: Extents2D = 0,
  dilation: Extents2D = 1, groups: Int = 1, hasBias: Bool = true, _ initializer: Initializer = .heNormal(),
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  return graph.scope(name) {
    let channels = x.shape.rank == 4 ? x.shape[1] / max(groups, 1) : 1
    let kernels = graph.parameter(
      "kernels", [filters, max(channels, 1), kernel.height, kernel.width], initializer.forKernels, x.elementType,
      fileID: fileID, line: line)
    let window = ConvolutionWindow(stride: stride, padding: padding, dilation: dilation, groups: groups)
    let y = graph.apply(Convolution(window), to: [x, kernels], fileID: fileID, line: line)
    return hasBias ? y.withBias(of: filters, fileID, line) : y
  }
}

extension Node {
  /// This value, whose channels lie along the axis 1, plus the parameter `bias`, one number a channel, which begins at
  /// 0.
  func withBias(of channels: Int, _ fileID: StaticString, _ line: UInt) -> Node {
    let ones = [Int](repeating: 1, count: Swift.max(shape.rank - 2, 0))
    let bias = graph.parameter("bias", [channels], .zeros, elementType, fileID: fileID, line: line)
      .reshaped(Shape([channels] + ones), fileID: fileID, line: line)
    return graph.apply(Add(), to: [self, bias], fileID: fileID, line: line)
  }
}

/// Images `[batch, channels, height, width]`, or a value of any other axes behind the first, as the rows that a dense
/// layer reads: `[batch, channels · height · width]`.
public func flattened(_ x: Node, fileID: StaticString = #fileID, line: UInt = #line) -> Node {
  let dimensions = x.shape.dimensions
  return x.reshaped([dimensions.first ?? 1, dimensions.dropFirst().reduce(1, *)], fileID: fileID, line: line)
}
