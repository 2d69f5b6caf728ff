internal import Kernels

/// The sum of the operands, each with zeros around it along an axis, no two overlapping.
final class SumOfPadsCall: KernelCall {
  static let name = "sum of pads"
  private let type: Kernels.ElementType
  private let plan: ConcatenationPlan
  private let traffic: Float

  init(axis: Int, starts: [Int], _ shapes: CallShapes) {
    plan = ConcatenationPlan(
      inputs: shapes.operands.map(\.shape.dimensions), axis: axis, starts: starts, extent: shapes.dimensions[axis])
    (traffic, type) = (shapes.traffic, shapes.kernelType)
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
    runSumOfPads(type, plan: plan, inputs: inputs.baseAddress!, output: outputs[0], range: range)
  }
}
