internal import Kernels

/// The operands behind one another along an axis.
final class ConcatenationCall: KernelCall {
  static let name = "concatenate"
  private let elementSize: Int
  private let plan: ConcatenationPlan
  private let traffic: Float

  init(axis: Int, _ shapes: CallShapes) {
    plan = ConcatenationPlan(inputs: shapes.operands.map(\.shape.dimensions), axis: axis)
    (traffic, elementSize) = (shapes.traffic, shapes.elementSize)
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
    runConcatenate(elementSize: elementSize, plan: plan, inputs: inputs.baseAddress!, output: outputs[0], range: range)
  }
}
