internal import Kernels

/// The copy gate's adder: the operands added in order.
final class AccumulateCall: KernelCall {
  static let name = "accumulate"
  private let type: Kernels.ElementType
  let extent: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    (type, extent, traffic) = (shapes.kernelType, shapes.writtenCount, shapes.traffic)
  }

  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { range }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { position == 0 }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runAccumulate(type, inputs: inputs, output: outputs[0], range: range)
  }
}
