internal import Kernels

/// Sums over neighbouring channels.
final class ChannelWindowSumCall: KernelCall {
  static let name = "channel window sum"
  private let type: Kernels.ElementType
  private let channels: Int, size: Int, radius: Int
  let extent: Int
  private let traffic: Float

  init(radius: Int, _ shapes: CallShapes) {
    let shape = shapes.dimensions
    (type, traffic, self.radius) = (shapes.kernelType, shapes.traffic, radius)
    (channels, size) = (shape[1], shape.dropFirst(2).reduce(1, *))
    extent = shape[0] * shape[1]
  }

  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic * (Float(radius) + 1)) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runChannelWindowSum(
      type, channels: channels, size: size, radius: radius, input: inputs[0], output: outputs[0], range: range)
  }
}
