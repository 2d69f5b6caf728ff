/// An index or a label that names no row, found in data while a program ran.
package struct IndexOutOfRange: Error, Sendable, Equatable, CustomStringConvertible {
  /// Where in the indices it stands.
  package let position: Int
  /// What it says.
  package let index: Int
  /// How many rows, or classes, there are.
  package let rowCount: Int

  package init(position: Int, index: Int, rowCount: Int) {
    self.position = position
    self.index = index
    self.rowCount = rowCount
  }

  package var description: String { "index \(index) at position \(position) is not in 0..<\(rowCount)" }
}

/// output[i] = table[indices[i]], for each row i of `range`.
///
/// - Parameters:
///   - table: `rowCount` rows of `columns` elements.
///   - indices: at index 0; the output likewise, with a row for each index.
/// - Throws: at the first index out of range; rows before it are written.
/// - Complexity: O(`range.count` · `columns`).
package func runGatherRows(
  elementSize: Int, table: UnsafeRawPointer, rowCount: Int, columns: Int, indices: UnsafePointer<Int32>,
  output: UnsafeMutableRawPointer, range: Range<Int>
) throws(IndexOutOfRange) {
  let rowBytes = columns * elementSize
  switch rowBytes {
  case 1: return try gatherElements(UInt8.self, table, rowCount, indices, output, range)
  case 2: return try gatherElements(UInt16.self, table, rowCount, indices, output, range)
  case 4: return try gatherElements(UInt32.self, table, rowCount, indices, output, range)
  case 8: return try gatherElements(UInt64.self, table, rowCount, indices, output, range)
  default: break
  }
  for position in range {
    let index = Int(indices[position])
    guard index >= 0, index < rowCount else {
      throw IndexOutOfRange(position: position, index: index, rowCount: rowCount)
    }
    (output + position * rowBytes).copyMemory(from: table + index * rowBytes, byteCount: rowBytes)
  }
}

/// The same for rows that fit a word, which need no call each; of an element only the bits are moved.
@inline(__always)
private func gatherElements<Word: FixedWidthInteger>(
  _: Word.Type, _ table: UnsafeRawPointer, _ rowCount: Int, _ indices: UnsafePointer<Int32>,
  _ output: UnsafeMutableRawPointer, _ range: Range<Int>
) throws(IndexOutOfRange) {
  let (table, output) = (table.assumingMemoryBound(to: Word.self), output.assumingMemoryBound(to: Word.self))
  for position in range {
    let index = Int(indices[position])
    guard index >= 0, index < rowCount else {
      throw IndexOutOfRange(position: position, index: index, rowCount: rowCount)
    }
    output[position] = table[index]
  }
}

/// output[i] = a row of zeros with a one at labels[i], for each row i of `range`.
///
/// - Throws: at the first label out of range.
/// - Complexity: O(`range.count` · `classes`).
package func runOneHot(
  _ type: ElementType, labels: UnsafePointer<Int32>, classes: Int, output: UnsafeMutableRawPointer, range: Range<Int>
) throws(IndexOutOfRange) {
  for position in range {
    let label = Int(labels[position])
    guard label >= 0, label < classes else {
      throw IndexOutOfRange(position: position, index: label, rowCount: classes)
    }
    let row = position * classes
    runFillZero(type, target: output, range: row..<row + classes)
    runFill(type, value: 1, target: output, range: row + label..<row + label + 1)
  }
}
