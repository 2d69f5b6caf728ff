internal import Kernels

/// Rows added to those of a table that indices name.
final class ScatterAddRowsCall: KernelCall {
  static let name = "scatter-add rows"
  private let type: Kernels.ElementType
  private let rowCount: Int, columns: Int, indexCount: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    type = shapes.kernelType
    (rowCount, columns) = (shapes.dimensions[0], shapes.writtenCount / shapes.dimensions[0])
    indexCount = shapes.operands[1].shape.elementCount
    traffic = 2 * shapes.traffic
  }

  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runScatterAddRows(
      type, source: inputs[0], indices: inputs[1].labels, indexCount: indexCount, columns: columns,
      rowCount: rowCount, output: outputs[0], rows: 0..<rowCount)
  }
}
