internal import Kernels

/// Running products along an axis.
final class CumulativeProductCall: KernelCall {
  static let name = "cumulative product"
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
    runCumulativeProduct(type, plan: plan, fromTheEnd: fromTheEnd, input: inputs[0], output: outputs[0], lanes: range)
  }
}

/// First-order recurrences along an axis.
final class LinearRecurrenceCall: KernelCall {
  static let name = "linear recurrence"
  private let type: Kernels.ElementType
  private let plan: AxisPlan
  private let gate: LinearRecurrence
  private let traffic: Float

  init(_ gate: LinearRecurrence, _ shapes: CallShapes) {
    (type, traffic, self.gate) = (shapes.kernelType, shapes.traffic, gate)
    plan = AxisPlan(input: shapes.first.dimensions, axis: gate.axis)
  }

  var extent: Int { plan.laneCount }
  /// A factor may be read after the result in its place is written.
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { position == 1 }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runLinearRecurrence(
      type, plan: plan, fromTheEnd: gate.fromTheEnd, factorsBehind: gate.factorsBehind, factors: inputs[0],
      terms: inputs[1], output: outputs[0], lanes: range)
  }
}
