internal import Kernels

/// Rows of a table by their numbers.
final class GatherRowsCall: KernelCall {
  static let name = "gather rows"
  private let elementSize: Int
  private let rowCount: Int, columns: Int
  let extent: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    let table = shapes.first
    (rowCount, columns) = (table[0], table.elementCount / table[0])
    extent = shapes.operands[1].shape.elementCount
    (traffic, elementSize) = (2 * shapes.traffic, shapes.elementSize)
  }

  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range.scaled(by: columns) }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runGatherRows(
      elementSize: elementSize, table: inputs[0], rowCount: rowCount, columns: columns, indices: inputs[1].labels,
      output: outputs[0], range: range)
  }
}
