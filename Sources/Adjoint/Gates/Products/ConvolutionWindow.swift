/// A vertical and a horizontal extent, of pixels: `3` is 3 × 3, `Extents2D(1, 5)` is 1 high and 5 wide.
public struct Extents2D: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public let height: Int, width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }
  /// The same extent both ways.
  public init(_ both: Int) { self.init(both, both) }
  public init(integerLiteral both: Int) { self.init(both, both) }

  public var description: String { "\(height) x \(width)" }
}

/// How a kernel passes over an image: output pixel (i, j) sees the input pixels (i · stride + k · dilation − padding).
///
/// ```swift
/// let halving = ConvolutionWindow(stride: 2, padding: 1)      // 224 x 224 becomes 112 x 112 under a 3 x 3 kernel
/// let depthwise = ConvolutionWindow(padding: 1, groups: 64)   // each of 64 channels by itself
/// ```
package struct ConvolutionWindow: Hashable, Sendable {
  /// Input pixels from one output pixel to the next.
  package let stride: Extents2D
  /// Rows by which kernels reach over the image above and below each, columns left and right each. Nothing is there:
  /// what a kernel would multiply is skipped.
  package let padding: Extents2D
  /// Input pixels from one element of the kernel to the next.
  package let dilation: Extents2D
  /// Into how many parts the channels are divided, each with its own share of the kernels.
  package let groups: Int

  package init(stride: Extents2D = 1, padding: Extents2D = 0, dilation: Extents2D = 1, groups: Int = 1) {
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// The extents of the result for an image and a kernel: ⌊(extent + 2 · padding − dilation · (kernel − 1) − 1) /
  /// stride⌋ + 1.
  ///
  /// - Throws: ``ShapeError`` if the padded image is smaller than the kernel, or the window itself makes no sense.
  package func result(of image: Extents2D, under kernel: Extents2D) throws(ShapeError) -> Extents2D {
    try check()
    for (name, extents) in [("image", image), ("kernel", kernel)] where extents.height < 1 || extents.width < 1 {
      throw ShapeError("\(name) extents of \(extents) hold no pixel")
    }
    let padded = Extents2D(
      Self.padded(image.height, padding.height), Self.padded(image.width, padding.width))
    let reach = Extents2D(Self.reach(kernel.height, dilation.height), Self.reach(kernel.width, dilation.width))
    guard reach.height <= padded.height, reach.width <= padded.width else {
      let spread = dilation == 1 ? "" : " spread over \(reach)"
      throw ShapeError(
        "a kernel of \(kernel)\(spread) is larger than the image of \(image) with padding \(padding), \(padded)")
    }
    return Extents2D(
      (padded.height - reach.height) / stride.height + 1, (padded.width - reach.width) / stride.width + 1)
  }

  private static func padded(_ extent: Int, _ padding: Int) -> Int { (Extent(extent) + 2 * Extent(padding)).value }

  private static func reach(_ kernel: Int, _ dilation: Int) -> Int {
    (Extent(dilation) * (Extent(kernel) - 1) + 1).value
  }

  /// What a stride, a padding or a dilation may be at most: enough for any image.
  private static let most = 1 << 24  // Decisions/Limits.md

  private func check() throws(ShapeError) {
    for (name, extents, least) in [("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1)] {
      for extent in [extents.height, extents.width] where extent < least || extent > Self.most {
        throw ShapeError("the \(name) of a window is \(least) to \(Self.most) pixels, got \(extents)")
      }
    }
    guard groups >= 1 else { throw ShapeError("channels come in at least one group, got \(groups)") }
  }
}

/// The sizes of a convolution, read off its operands: `[batch, channels, height, width]` images under
/// `[filters, channels / groups, height, width]` kernels.
struct ConvolutionSizes: Hashable {
  let batch, channels, filters: Int
  let image, kernel, result: Extents2D

  init(images: Shape, kernels: Shape, window: ConvolutionWindow) throws(ShapeError) {
    try Self.checkRank(images, "images", "[batch, channels, height, width]")
    try Self.checkRank(kernels, "kernels", "[filters, channels / groups, height, width]")
    (batch, channels, filters) = (images[0], images[1], kernels[0])
    image = images.pixels
    kernel = kernels.pixels
    result = try window.result(of: image, under: kernel)
    guard channels % window.groups == 0 else {
      throw ShapeError("\(channels) channels of \(images) are not divisible into \(window.groups) groups")
    }
    guard filters % window.groups == 0 else {
      throw ShapeError("\(filters) filters of \(kernels) are not divisible into \(window.groups) groups")
    }
    guard kernels[1] == channels / window.groups else {
      throw ShapeError(
        "kernels of \(kernels) read \(kernels[1]) channels, and images of \(images) in \(window.groups) "
          + "group\(window.groups == 1 ? " have" : "s have") \(channels / window.groups)")
    }
    try checkWork(window)
  }

  /// The most elements of a kernel along one axis: the compiler looks at each.
  private static let longestKernel = 1 << 24  // Decisions/Limits.md
  /// The most multiply-adds, of which `Int` counts a few times as many.
  private static let mostProducts = 1 << 60  // Decisions/Limits.md

  /// - Throws: ``ShapeError`` for a convolution that is too large to be carried out, or even to be counted.
  private func checkWork(_ window: ConvolutionWindow) throws(ShapeError) {
    guard max(kernel.height, kernel.width) <= Self.longestKernel else {
      throw ShapeError("a kernel of a convolution has at most \(Self.longestKernel) rows and columns, got \(kernel)")
    }
    let products = Extent.product([
      batch, filters, channels / window.groups, kernel.height, kernel.width, result.height, result.width,
    ])
    guard products.value <= Self.mostProducts else {
      throw ShapeError("a convolution of \(images) under \(kernel) to \(results) takes more than 2^60 products")
    }
    // Images are laid out once for each remainder of a kernel's element by the stride, with room around them.
    func room(_ image: Int, _ kernel: Int, _ result: Int, _ stride: Int, _ dilation: Int) -> Extent {
      let ahead = (Extent(kernel) * Extent(dilation)).value / stride
      return Extent(min(kernel, stride)) * (Extent(max(image, result)) + Extent(ahead) + 1)
    }
    let rows = room(image.height, kernel.height, result.height, window.stride.height, window.dilation.height)
    let columns = room(image.width, kernel.width, result.width, window.stride.width, window.dilation.width)
    let planes = Extent(max(channels, filters)) * Extent(batch) * rows * columns
    guard planes.value <= Shape.mostElements else {
      throw ShapeError("a convolution of \(images) under \(kernel) to \(results) takes more room than any memory has")
    }
  }

  var images: Shape { [batch, channels, image.height, image.width] }
  var results: Shape { [batch, filters, result.height, result.width] }

  /// - Throws: ``ShapeError`` if the gradient of the result is not of the result's shape.
  func check(upstream: Shape) throws(ShapeError) {
    guard upstream == results else {
      throw ShapeError("the upstream gradient of a convolution to \(results) has the shape \(upstream)")
    }
  }

  static func checkRank(_ shape: Shape, _ what: String, _ axes: String) throws(ShapeError) {
    guard shape.rank == 4 else { throw ShapeError("\(what) have the axes \(axes), got the shape \(shape)") }
  }
}

extension Shape {
  /// The last two axes.
  var pixels: Extents2D { Extents2D(self[rank - 2], self[rank - 1]) }
}
