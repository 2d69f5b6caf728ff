internal import Kernels

/// A reduction over axes.
final class ReductionCall: KernelCall {
  static let name = "reduce"
  private let operation: ReduceOperation
  private let type: Kernels.ElementType
  private let plan: ReductionPlan
  private let traffic: Float

  init(_ operation: ReduceOperation, axes: [Int], _ shapes: CallShapes) {
    self.operation = operation
    type = shapes.kernelType
    plan = ReductionPlan(input: shapes.first.dimensions, axes: axes)
    traffic = shapes.traffic
  }

  var extent: Int { plan.outputCount }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runReduction(operation, type, plan: plan, input: inputs[0], output: outputs[0], range: range)
  }
}
