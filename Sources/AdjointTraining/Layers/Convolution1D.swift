public import Adjoint

/// A layer of convolutions along sequences: y[n, f, i] = Σ x[n, c, i · s + k · d − p] · w[f, c, k] + b[f], its
/// parameters `name/kernels` and `name/bias`.
///
/// ```swift
/// let waves = relu(convolution1D(sound, "waves", to: 32, kernel: 9, stride: 4, padding: 4))
/// ```
/// x is `[batch, channels, length]` and the result `[batch, filters, length′]`, with length′ = ⌊(length + 2 · padding −
/// dilation · (kernel − 1) − 1) / stride⌋ + 1. The kernels `[filters, channels / groups, kernel]` begin as
/// `initializer` says for kernels, at He's normal numbers if it is left out; the bias at 0, and `hasBias: false` leaves
/// it out. What does not fit is an error when compiling, with the line of this call.
///
/// It is the convolution of images of height 1.
public func convolution1D(
  _ x: Node, _ name: String, to filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
  groups: Int = 1, hasBias: Bool = true, _ initializer: Initializer = .heNormal(),
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  let window = ConvolutionWindow(
    stride: Extents2D(1, stride), padding: Extents2D(0, padding), dilation: Extents2D(1, dilation), groups: groups)
  guard x.shape.rank == 3 else {
    let reason = "sequences have the axes [batch, channels, length], got the shape \(x.shape)"
    return graph.refused(Convolution(window), [x], reason, fileID: fileID, line: line)
  }
  return graph.scope(name) {
    graph.placing(at: fileID, line) {
      let channels = max(x.shape[1] / max(groups, 1), 1)
      let kernels = graph.parameter("kernels", [filters, channels, kernel], initializer.forKernels, x.elementType)
      let images = x.reshaped([x.shape[0], x.shape[1], 1, x.shape[2]])
      let y = graph.apply(Convolution(window), to: [images, kernels.reshaped([filters, channels, 1, kernel])])
      guard y.shape.rank == 4 else { return y }
      let sequences = y.reshaped([y.shape[0], y.shape[1], y.shape[3]])
      return hasBias ? sequences.withBias(of: filters, fileID, line) : sequences
    }
  }
}
