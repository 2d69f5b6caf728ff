/// The sizes of a convolution in two dimensions, which everything else about it follows from.
///
/// `[batch, channels, imageHeight, imageWidth]` under `[filters, channels / groups, kernelHeight, kernelWidth]` gives
/// `[batch, filters, height, width]`.
package struct ConvolutionGeometry: Sendable, Hashable {
  /// One of the two axes of pixels: along it, pixel i of the result sees pixels i · stride + k · dilation − padding.
  package struct Axis: Sendable, Hashable {
    package let image, kernel, result, stride, padding, dilation: Int

    package init(image: Int, kernel: Int, result: Int, stride: Int, padding: Int, dilation: Int) {
      precondition(image >= 1 && kernel >= 1 && result >= 1, "A convolution needs extents of at least 1")
      precondition(stride >= 1 && padding >= 0 && dilation >= 1, "A convolution moves forward")
      precondition(
        (result - 1) * stride + (kernel - 1) * dilation < image + 2 * padding, "The kernel leaves the padded image")
      (self.image, self.kernel, self.result) = (image, kernel, result)
      (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
    }
  }
  package let batch, channels, filters, groups: Int
  package let rows, columns: Axis

  package init(batch: Int, channels: Int, filters: Int, groups: Int, rows: Axis, columns: Axis) {
    precondition(batch >= 1 && groups >= 1, "A convolution needs images and a group of channels")
    precondition(
      channels >= groups && channels % groups == 0 && filters >= groups && filters % groups == 0,
      "\(channels) channels and \(filters) filters do not divide into \(groups) groups")
    (self.batch, self.channels, self.filters, self.groups) = (batch, channels, filters, groups)
    (self.rows, self.columns) = (rows, columns)
  }

  var channelsInGroup: Int { channels / groups }
  var filtersInGroup: Int { filters / groups }
  /// Elements of a kernel for one channel.
  var kernelSize: Int { rows.kernel * columns.kernel }
  var resultSize: Int { rows.result * columns.result }

  /// Whether no element of the kernel meets any pixel, so that all sums are empty: those of a kernel of 1 × 1 that
  /// steps over the one pixel of a padded image, say.
  package var isEmpty: Bool {
    [rows, columns].contains { axis in (0..<axis.kernel).allSatisfy { axis.results(of: $0).isEmpty } }
  }

  /// Whether each group has one channel and one filter.
  var isDepthwise: Bool { channelsInGroup == 1 && filtersInGroup == 1 }

  /// Whether the kernels have one element, which meets each pixel once: a product of matrices as they lie.
  var isPointwise: Bool {
    !isDepthwise
      && [rows, columns].allSatisfy { $0.kernel * $0.stride == 1 && $0.padding == 0 && $0.result == $0.image }
  }

  /// Multiply-adds of the convolution and of each of its gradients.
  package var products: Int { batch * filters * channelsInGroup * kernelSize * resultSize }
}

extension ConvolutionGeometry.Axis {
  /// The remainders by the stride that the kernel's elements leave, ascending: each has a plane of the image.
  var phases: [Int] { Set((0..<kernel).map { $0 * dilation % stride }).sorted() }

  /// How many elements of a plane a pixel of the result looks ahead at most.
  var reach: Int { (kernel - 1) * dilation / stride }

  /// The results that read a pixel whose place leaves the remainder `residue`: pixel residue + t · stride is read
  /// through element `tap` by result t + `ahead`.
  func readers(of residue: Int) -> [(tap: Int, ahead: Int)] {
    (0..<kernel).compactMap { tap in
      let distance = residue + padding - tap * dilation
      return distance % stride == 0 ? (tap, distance / stride) : nil
    }
  }

  /// How far ahead and back those results are, over all residues.
  var readerRange: ClosedRange<Int> {
    let all = (0..<min(stride, image)).flatMap { readers(of: $0).map(\.ahead) }
    return (all.min() ?? 0)...(all.max() ?? 0)
  }

  /// The results for which element `tap` of the kernel reads a pixel of the image.
  func results(of tap: Int) -> Range<Int> {
    let ahead = tap * dilation - padding
    return Self.places(stride: stride, shift: ahead, within: image, of: result)
  }

  /// The pixels t of those that leave the same remainder for which result t + `ahead` exists, of so many.
  func pixels(readAhead ahead: Int, of count: Int) -> Range<Int> {
    Self.places(stride: 1, shift: ahead, within: result, of: count)
  }

  /// The i in 0..<`count` for which i · stride + shift lies in 0..<`extent`.
  private static func places(stride: Int, shift: Int, within extent: Int, of count: Int) -> Range<Int> {
    let end = shift < extent ? min((extent - shift + stride - 1) / stride, count) : 0
    let start = shift < 0 ? (-shift + stride - 1) / stride : 0
    return min(start, end)..<end
  }

  /// How many pixels leave the remainder `residue`.
  func pixels(of residue: Int) -> Int { (image - residue + stride - 1) / stride }
}
