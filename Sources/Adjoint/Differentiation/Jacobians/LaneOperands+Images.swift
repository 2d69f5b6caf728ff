/// Where lanes go in gates over images, which know batches, channels and groups, but no lanes.
extension LaneOperands {
  /// A gate that takes each image by itself, applied with the lanes as more images of the batch. An operand at `shared`,
  /// which has no lanes, is the same for all images.
  func applyWithLanesInBatch(_ gate: some Gate, sharing shared: Int? = nil) -> Node {
    let operands = values.indices.map { $0 == shared ? values[$0] : joined($0) }
    return graph.apply(gate, to: operands).reshaped(Shape([count] + shape.dimensions))
  }

  /// An operand whose first axis goes through all lanes, one behind the other: `[lanes · batch, …]`, and of kernels
  /// `[lanes · filters, …]`.
  func joined(_ position: Int) -> Node {
    let dimensions = shape(of: position).dimensions
    return repeated[position].reshaped(Shape([(Extent(count) * Extent(dimensions[0])).value] + dimensions.dropFirst()))
  }

  /// An operand `[batch, lanes · channels, height, width]`: each image with the channels of all lanes.
  func joinedChannels(_ position: Int) -> Node {
    let own = shape(of: position)
    let channels = (Extent(count) * Extent(own[1])).value
    return repeated[position].transposed([1, 0, 2, 3, 4]).reshaped([own[0], channels, own[2], own[3]])
  }

  /// Lanes in front of `[batch, lanes · channels, height, width]`.
  func partedChannels(_ images: Node) -> Node {
    images.reshaped([shape[0], count, shape[1], shape[2], shape[3]]).transposed([1, 0, 2, 3, 4])
  }
}

extension ConvolutionWindow {
  /// With as many times the groups: each lane's channels meet its own kernels only.
  func grouped(by lanes: Int) -> ConvolutionWindow {
    let groups = (Extent(lanes) * Extent(groups)).value
    return ConvolutionWindow(stride: stride, padding: padding, dilation: dilation, groups: groups)
  }
}
