internal import Kernels

/// A part of a convolution: an operand laid out, or the products.
final class ConvolutionCall: InterimCall {
  static let name = "convolution"
  private let type: Kernels.ElementType
  private let plan: ConvolutionPlan
  private let products: Float
  private let traffic: Float

  init(_ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ shapes: CallShapes) {
    (type, traffic) = (shapes.kernelType, shapes.traffic)
    plan = ConvolutionPlan(part, geometry, type)
    products = Float(geometry.products)
  }

  var description: String { "\(plan.part) of \(extent)" }
  var extent: Int { plan.blockCount }
  var isInterim: Bool { !plan.part.multiplies }
  func cost(at speeds: CostModel) -> Float {
    plan.part.multiplies ? speeds.cost(ofProducts: 2 * products, type) : speeds.cost(ofTraffic: 2 * traffic)
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runConvolution(type, plan: plan, inputs: inputs.baseAddress!, output: outputs[0], blocks: range)
  }
}
