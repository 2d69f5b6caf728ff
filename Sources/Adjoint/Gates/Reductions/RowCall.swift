internal import Kernels

/// An operation on each row, along the last axis.
final class RowCall: KernelCall {
  static let name = "rows"
  private let operation: RowOperation
  private let type: Kernels.ElementType
  private let columns: Int
  let extent: Int
  /// The element of each row that an operation takes which takes one.
  private let entry: Int
  private let traffic: Float
  private let readCount: Float

  init(_ operation: RowOperation, entry: Int? = nil, _ shapes: CallShapes) {
    let rows = shapes.operands[operation.readsRows(of: 0) || entry != nil ? 0 : 1].shape
    columns = rows.dimensions.last ?? 1
    extent = rows.elementCount / columns
    (self.operation, self.entry, type) = (operation, entry ?? 0, shapes.kernelType)
    (traffic, readCount) = (shapes.traffic, Float(shapes.readCount))
  }

  var description: String { "\(operation) of \(extent)" }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    operation.readsRows(of: position) ? range.scaled(by: columns) : range
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? {
    operation.givesRows ? range.scaled(by: columns) : range
  }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool {
    operation.givesRows && operation.readsRows(of: position)
  }
  func cost(at speeds: CostModel) -> Float {
    let ofElement = operation.isTranscendental ? speeds.transcendental : CostModel.arithmetic
    return speeds.cost(ofTraffic: traffic) + 2 * ofElement * readCount  // Decisions/Units-and-division.md
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runRows(
      operation, type, inputs: inputs.baseAddress!, output: outputs[0], columns: columns, rows: range, entry: entry)
  }
}
