internal import Kernels

/// One element of each operand to one of the result, operands broadcasting.
final class ElementwiseCall: KernelCall {
  static let name = "elementwise"
  private let operation: ElementwiseOperation
  private let type: Kernels.ElementType
  private let plan: BroadcastPlan
  private let traffic: Float

  init(_ operation: ElementwiseOperation, _ shapes: CallShapes) {
    self.operation = operation
    type = shapes.kernelType
    plan = BroadcastPlan(output: shapes.dimensions, operands: shapes.operands.map(\.shape.dimensions))
    traffic = shapes.traffic
  }

  var description: String { "\(operation) of \(extent)" }
  var extent: Int { plan.count }
  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    plan.elementsRead(of: position, for: range)
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { true }
  func cost(at speeds: CostModel) -> Float {
    speeds.cost(ofTraffic: traffic) + (operation.isTranscendental ? speeds.transcendental * Float(extent) : 0)
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runElementwise(operation, type, plan: plan, inputs: inputs.baseAddress!, output: outputs[0], range: range)
  }
}
