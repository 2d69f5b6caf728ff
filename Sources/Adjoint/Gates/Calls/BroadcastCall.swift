internal import Kernels

/// The operand repeated along the axes that it lacks.
final class BroadcastCall: KernelCall {
  static let name = "broadcast"
  private let elementSize: Int
  private let plan: BroadcastPlan
  private let traffic: Float

  init(_ shapes: CallShapes) {
    elementSize = shapes.elementSize
    plan = BroadcastPlan(output: shapes.dimensions, operands: [shapes.first.dimensions])
    traffic = shapes.traffic
  }

  var extent: Int { plan.count }
  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    plan.elementsRead(of: position, for: range)
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runBroadcast(elementSize: elementSize, plan: plan, input: inputs[0], output: outputs[0], range: range)
  }
}
