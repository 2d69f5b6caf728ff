internal import Kernels

/// Pooling of images, or its gradient, channel by channel.
final class PoolCall: KernelCall {
  static let name = "pool"
  private let type: Kernels.ElementType
  private let plan: PoolPlan
  private let traffic: Float
  private let visits: Float

  init(_ operation: PoolOperation, _ window: PoolWindow, _ shapes: CallShapes) {
    let isGradient = operation.givesImages
    (type, traffic) = (shapes.kernelType, shapes.traffic)
    plan = PoolPlan(
      operation, window, images: isGradient ? shapes.dimensions : shapes.first.dimensions,
      result: isGradient ? shapes.first.dimensions : shapes.dimensions)
    visits = Float(shapes.readCount) * Float(window.height * window.width)
  }

  var extent: Int { plan.channelCount }
  // Decisions/Units-and-division.md
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) + visits / 8 }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runPooling(type, plan: plan, inputs: inputs.baseAddress!, output: outputs[0], channels: range)
  }
}
