public import Adjoint

/// A layer of transposed convolutions, which makes images larger: the gradient of a convolution with respect to its
/// images, plus a bias; its parameters `name/kernels` and `name/bias`.
///
/// ```swift
/// let image = transposedConvolution(parts, "image", to: 3, kernel: 4, stride: 2, padding: 1)   // 16 × 16 to 32 × 32
/// ```
/// Each pixel of x, `[batch, channels, height, width]`, adds its kernels, times itself, to the result `[batch, filters,
/// height′, width′]`: y[n, f, i · s + k · d − p, …] gets x[n, c, i, …] · w[c, f, k, …]. The extents are those of the
/// images that a convolution of this window would make x of, (extent − 1) · stride − 2 · padding + dilation · (kernel −
/// 1) + 1, and `extension` more, since a stride makes one extent of several.
///
/// The kernels `[channels, filters / groups, height, width]` begin as `initializer` says for them
/// (`Initializer.forTransposedKernels`), at He's normal numbers if it is left out; the bias at 0. What does not fit is
/// an error when compiling, with the line of this call; so is an extension of the stride or more.
public func transposedConvolution(
  _ x: Node, _ name: String, to filters: Int, kernel: Extents2D, stride: Extents2D = 1, padding: Extents2D = 0,
  extension added: Extents2D = 0, dilation: Extents2D = 1, groups: Int = 1, hasBias: Bool = true,
  _ initializer: Initializer = .heNormal(), fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  let window = ConvolutionWindow(stride: stride, padding: padding, dilation: dilation, groups: groups)
  func refused(_ reason: String) -> Node {
    graph.refused(ConvolutionInputGradient(window, image: 1), [x], reason, fileID: fileID, line: line)
  }
  guard x.shape.rank == 4 else {
    return refused("images have the axes [batch, channels, height, width], got the shape \(x.shape)")
  }
  guard added.height >= 0, added.width >= 0, added.height < stride.height, added.width < stride.width else {
    return refused("the extension of an image is at least 0 and below the stride of \(stride), got \(added)")
  }
  guard groups >= 1, filters % groups == 0 else {
    return refused("\(filters) filters are not divisible into \(groups) groups")
  }
  func extent(_ x: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int, _ added: Int) -> Int {
    let reach = Extent(dilation) * (Extent(kernel) - 1) + 1
    return ((Extent(x) - 1) * Extent(stride) - 2 * Extent(padding) + reach + Extent(added)).value
  }
  let image = Extents2D(
    extent(x.shape[2], kernel.height, stride.height, padding.height, dilation.height, added.height),
    extent(x.shape[3], kernel.width, stride.width, padding.width, dilation.width, added.width))
  return graph.scope(name) {
    let kernels = graph.parameter(
      "kernels", [x.shape[1], filters / groups, kernel.height, kernel.width], initializer.forTransposedKernels,
      x.elementType, fileID: fileID, line: line)
    let gate = ConvolutionInputGradient(window, image: image)
    let y = graph.apply(gate, to: [x, kernels], fileID: fileID, line: line)
    return hasBias ? y.withBias(of: filters, fileID, line) : y
  }
}
