internal import Kernels

/// A row for each label, 1 in its place.
final class OneHotCall: KernelCall {
  static let name = "one hot"
  private let type: Kernels.ElementType
  private let columns: Int
  let extent: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    (type, traffic) = (shapes.kernelType, shapes.traffic)
    (columns, extent) = (shapes.dimensions[shapes.dimensions.count - 1], shapes.first.elementCount)
  }

  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runOneHot(type, labels: inputs[0].labels, classes: columns, output: outputs[0], range: range)
  }
}
