internal import Kernels

/// Rows added to those of a table that indices name, divided by the rows of the table.
final class ScatterAddRowsCall: KernelCall {
  static let name = "scatter-add rows"
  private let type: Kernels.ElementType
  let extent: Int
  private let columns: Int, indexCount: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    type = shapes.kernelType
    (extent, columns) = (shapes.dimensions[0], shapes.writtenCount / shapes.dimensions[0])
    indexCount = shapes.operands[1].shape.elementCount
    traffic = 2 * shapes.traffic
  }

  /// Each part reads all indices: they must be few beside the elements that are added.
  func cutStep(for count: inout Int, grain: Int) -> Int {
    count = min(count, max(columns / 4, 1))  // Decisions/Units-and-division.md
    return 1
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range.scaled(by: columns) }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runScatterAddRows(
      type, source: inputs[0], indices: inputs[1].labels, indexCount: indexCount, columns: columns,
      rowCount: extent, output: outputs[0], rows: range)
  }
}
