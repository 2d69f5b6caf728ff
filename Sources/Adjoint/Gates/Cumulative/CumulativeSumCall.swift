internal import Kernels

/// Running sums along an axis.
final class CumulativeSumCall: KernelCall {
  static let name = "cumulative sum"
  private let type: Kernels.ElementType
  private let plan: AxisPlan
  private let fromTheEnd: Bool
  private let traffic: Float

  init(axis: Int, fromTheEnd: Bool, _ shapes: CallShapes) {
    (type, traffic, self.fromTheEnd) = (shapes.kernelType, shapes.traffic, fromTheEnd)
    plan = AxisPlan(input: shapes.first.dimensions, axis: axis)
  }

  var extent: Int { plan.laneCount }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { true }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runCumulativeSum(type, plan: plan, fromTheEnd: fromTheEnd, input: inputs[0], output: outputs[0], lanes: range)
  }
}
