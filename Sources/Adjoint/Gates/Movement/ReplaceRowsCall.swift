internal import Kernels

/// A table some rows of which are replaced by others, divided by the rows of the table.
final class ReplaceRowsCall: KernelCall {
  static let name = "replace rows"
  let extent: Int
  private let rowBytes: Int, columns: Int, indexCount: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    (extent, columns) = (shapes.dimensions[0], shapes.writtenCount / shapes.dimensions[0])
    rowBytes = columns * shapes.elementSize
    indexCount = shapes.operands[2].shape.elementCount
    traffic = shapes.traffic
  }

  /// Each part reads all indices: they must be few beside the elements that are moved.
  func cutStep(for count: inout Int, grain: Int) -> Int {
    count = min(count, max(columns / 4, 1))  // Decisions/Units-and-division.md
    return 1
  }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    position == 0 ? range.scaled(by: columns) : nil
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range.scaled(by: columns) }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { position == 0 }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    let rows = UnsafeBufferPointer(start: inputs[2].labels, count: indexCount)
    for (position, row) in rows.enumerated() where row < 0 || Int(row) >= extent {
      throw IndexOutOfRange(position: position, index: Int(row), rowCount: extent)
    }
    let bytes = range.scaled(by: rowBytes)
    if UnsafeRawPointer(outputs[0]) != inputs[0] {
      (outputs[0] + bytes.lowerBound).copyMemory(from: inputs[0] + bytes.lowerBound, byteCount: bytes.count)
    }
    for (position, row) in rows.enumerated() where range.contains(Int(row)) {
      (outputs[0] + Int(row) * rowBytes).copyMemory(from: inputs[1] + position * rowBytes, byteCount: rowBytes)
    }
  }
}
