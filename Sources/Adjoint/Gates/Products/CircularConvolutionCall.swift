internal import Kernels

/// Circular convolution of rows, or correlation with a cotangent.
final class CircularConvolutionCall: KernelCall {
  static let name = "circular convolution"
  private let type: Kernels.ElementType
  private let plan: CircularPlan
  private let isCorrelation: Bool
  private let traffic: Float
  /// Each element of a circle meets each of its taps.
  private let products: Float

  init(origin: Int, isReversed: Bool, isCorrelation: Bool, _ shapes: CallShapes) {
    let circles = shapes.first
    let taps = (isCorrelation ? shapes.dimensions : shapes.operands[1].shape.dimensions).last ?? 1
    let length = circles.dimensions.last ?? 1
    plan = CircularPlan(
      length: length, taps: taps, origin: origin, isReversed: isReversed, rows: circles.elementCount / length)
    (type, traffic, self.isCorrelation) = (shapes.kernelType, shapes.traffic, isCorrelation)
    products = Float(circles.elementCount) * Float(taps)
  }

  var extent: Int { plan.rows }
  // Decisions/Units-and-division.md
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) + 0.1 * products }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    if isCorrelation {
      runCircularCorrelation(type, plan: plan, a: inputs[0], u: inputs[1], output: outputs[0], rows: range)
    } else {
      runCircularConvolution(type, plan: plan, a: inputs[0], b: inputs[1], output: outputs[0], rows: range)
    }
  }
}
