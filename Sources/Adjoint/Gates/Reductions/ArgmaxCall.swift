internal import Kernels

/// Where along an axis the greatest element stands.
final class ArgmaxCall: KernelCall {
  static let name = "argmax"
  /// The operand's: the result is of integers.
  private let type: Kernels.ElementType
  private let plan: AxisPlan
  private let traffic: Float

  init(axis: Int, _ shapes: CallShapes) {
    (type, traffic) = (shapes.operands[0].elementType.kernelType, shapes.traffic)
    plan = AxisPlan(input: shapes.first.dimensions, axis: axis)
  }

  var extent: Int { plan.laneCount }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runArgmax(type, plan: plan, input: inputs[0], output: outputs[0], lanes: range)
  }
}
