internal import Kernels

/// The operand with zeros around it.
final class PadCall: KernelCall {
  static let name = "pad"
  private let elementSize: Int
  private let plan: PadPlan
  private let traffic: Float

  init(_ starts: [Int], _ shapes: CallShapes) {
    plan = PadPlan(input: shapes.first.dimensions, starts: starts, output: shapes.dimensions)
    (traffic, elementSize) = (shapes.traffic, shapes.elementSize)
  }

  var extent: Int { plan.count }
  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runPad(elementSize: elementSize, plan: plan, input: inputs[0], output: outputs[0], range: range)
  }
}
