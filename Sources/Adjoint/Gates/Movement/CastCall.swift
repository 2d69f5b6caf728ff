internal import Kernels

/// Elements of one type, those from a place on, as elements of another.
final class CastCall: KernelCall {
  static let name = "cast"
  private let type: Kernels.ElementType, result: Kernels.ElementType
  /// The first one.
  private let start: Int
  let extent: Int

  init(from start: Int = 0, _ shapes: CallShapes) {
    self.start = start
    (type, result) = (shapes.operands[0].elementType.kernelType, shapes.kernelType)
    extent = shapes.writtenCount
  }

  var description: String { "cast of \(extent)" }
  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    range.lowerBound + start..<range.upperBound + start
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func cost(at speeds: CostModel) -> Float {
    speeds.cost(ofTraffic: Float(extent * (type.byteCount + result.byteCount)))
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    runCast(type, to: result, input: inputs[0] + start * type.byteCount, output: outputs[0], range: range)
  }
}
