internal import Kernels

/// Elements kept or dropped by a generator that counts.
final class DropoutCall: KernelCall {
  static let name = "dropout"
  private let type: Kernels.ElementType
  private let plan: DropoutPlan
  let extent: Int
  private let traffic: Float

  init(_ plan: DropoutPlan, _ shapes: CallShapes) {
    (self.plan, type) = (plan, shapes.kernelType)
    (extent, traffic) = (shapes.writtenCount, shapes.traffic)
  }

  /// Four elements share a count.
  func cutStep(for count: inout Int, grain: Int) -> Int { max(grain, 4) }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { position == 0 ? range : nil }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { true }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) + speeds.transcendental * Float(extent) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runDropout(type, plan: plan, step: inputs[1].labels[0], input: inputs[0], output: outputs[0], range: range)
  }
}
