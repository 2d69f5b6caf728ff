internal import Kernels

/// The windows that a pooling gate folds: `extents` pixels each, `stride` apart, over each channel of an image by itself.
///
/// Windows may overlap (`stride` below `extents`) and may reach over the edge by `padding` pixels, in which there is
/// nothing. Padding is less than the window, so that each window holds a pixel.
package struct PoolingWindow: Hashable, Sendable {
  package let extents: Extents2D, stride: Extents2D, padding: Extents2D

  package init(_ extents: Extents2D, stride: Extents2D, padding: Extents2D = 0) {
    self.extents = extents
    self.stride = stride
    self.padding = padding
  }

  /// The shape of the result for images `[batch, channels, height, width]`.
  ///
  /// - Throws: ``ShapeError`` if the images have other axes, or are smaller with their padding than the window.
  package func result(of images: Shape) throws(ShapeError) -> Shape {
    try ConvolutionSizes.checkRank(images, "images", "[batch, channels, height, width]")
    let result = try ConvolutionWindow(stride: stride, padding: padding).result(of: images.pixels, under: extents)
    guard padding.height < extents.height, padding.width < extents.width else {
      throw ShapeError("a padding of \(padding) lets a window of \(extents) see nothing of the image")
    }
    guard Extent.product([extents.height, extents.width]).value <= Shape.mostElements else {
      throw ShapeError("a window of \(extents) has more than 2^48 pixels")
    }
    return [images[0], images[1], result.height, result.width]
  }

  /// For the kernels.
  var pooled: PoolWindow {
    PoolWindow(
      height: extents.height, width: extents.width, rowStride: stride.height, columnStride: stride.width,
      rowPadding: padding.height, columnPadding: padding.width)
  }

  /// - Throws: ``ShapeError`` if the gradient of the result is not of the result's shape.
  func check(upstream: Shape, of images: Shape) throws(ShapeError) {
    let result = try result(of: images)
    guard upstream == result else {
      throw ShapeError("the upstream gradient of a pooling to \(result) has the shape \(upstream)")
    }
  }

  /// The elements of images of shape `images` in each window, by their places in row-major order.
  func forEachWindow(_ images: Shape, _ body: (_ result: Int, _ elements: [Int]) -> Void) {
    guard let result = try? result(of: images) else { return }
    for (place, index) in result.indices.enumerated() {
      func range(_ i: Int, _ stride: Int, _ padding: Int, _ extent: Int, below bound: Int) -> Range<Int> {
        let start = i * stride - padding
        return max(start, 0)..<min(start + extent, bound)
      }
      let rows = range(index[2], stride.height, padding.height, extents.height, below: images[2])
      let columns = range(index[3], stride.width, padding.width, extents.width, below: images[3])
      let plane = index[0] * images[1] + index[1]
      body(place, rows.flatMap { row in columns.map { (plane * images[2] + row) * images[3] + $0 } })
    }
  }
}
