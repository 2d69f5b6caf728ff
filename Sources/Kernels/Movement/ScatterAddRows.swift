internal import CKernels

/// output[r] = the sum of source[i] over all i with indices[i] == r, for each row r of `rows`: what gathering sends
/// back.
///
/// A row that gets no more than ``mostAddedPlainly`` is added up in the order of i; of one that gets more, sums of
/// floats are kept as doubles, and sums of doubles with what rounding takes from them, in the same order. So rounding
/// errors do not grow with the number of rows. Every caller of a part of the rows reads all indices, so bits are the
/// same however rows are divided.
///
/// - Throws: at the first index out of range of the whole output; then nothing has been written.
/// - Complexity: O(`rows.count` · `columns` + `indexCount` + rows added · `columns`). Allocates only where a row gets
///   more than ``mostAddedPlainly``.
package func runScatterAddRows(
  _ type: ElementType, source: UnsafeRawPointer, indices: UnsafePointer<Int32>, indexCount: Int, columns: Int,
  rowCount: Int, output: UnsafeMutableRawPointer, rows: Range<Int>
) throws(IndexOutOfRange) {
  checkRange(rows, within: rowCount)
  for position in 0..<indexCount where indices[position] < 0 || Int(indices[position]) >= rowCount {
    throw IndexOutOfRange(position: position, index: Int(indices[position]), rowCount: rowCount)
  }
  let scatter = ScatteredRows(
    type: type, source: source, indices: UnsafeBufferPointer(start: indices, count: indexCount), columns: columns,
    output: output, rows: rows)
  runFillZero(type, target: output, range: rows.lowerBound * columns..<rows.upperBound * columns)
  if indexCount <= mostAddedPlainly || scatter.mostOfARow() <= mostAddedPlainly {
    scatter.addPlainly()
  } else {
    scatter.addExactly()
  }
}

/// The most rows that are added to one without looking after their roundings.
package let mostAddedPlainly = 64  // Decisions/Sums.md

/// One scattering of rows whose indices are in range, into an output of zeros.
private struct ScatteredRows {
  let type: ElementType
  let source: UnsafeRawPointer
  let indices: UnsafeBufferPointer<Int32>
  let columns: Int
  let output: UnsafeMutableRawPointer
  let rows: Range<Int>

  private var rowBytes: Int { columns * type.byteCount }

  func addPlainly() {
    for (position, index) in indices.enumerated() where rows.contains(Int(index)) { add(position, Int(index)) }
  }

  @inline(__always)
  private func add(_ position: Int, _ row: Int) {
    addInto(type, source: source + position * rowBytes, target: output + row * rowBytes, range: 0..<columns)
  }

  /// How many go to the row that gets most of all. They are counted in the rows themselves, which are zeros again then.
  func mostOfARow() -> Int {
    var most: Int32 = 0
    for index in indices where rows.contains(Int(index)) {
      let count = counter(of: Int(index))
      count.pointee += 1
      most = max(most, count.pointee)
    }
    for index in indices where rows.contains(Int(index)) { counter(of: Int(index)).pointee = 0 }
    return Int(most)
  }

  @inline(__always)
  private func counter(of row: Int) -> UnsafeMutablePointer<Int32> {
    (output + row * rowBytes).assumingMemoryBound(to: Int32.self)
  }

  /// Adds plainly to rows that get few, and to running sums of those that get many.
  func addExactly() {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: rows.count) { numbers in
      numbers.initialize(repeating: 0)
      for index in indices where rows.contains(Int(index)) { numbers[Int(index) - rows.lowerBound] += 1 }
      var crowded = 0
      for row in numbers.indices {
        let isCrowded = Int(numbers[row]) > mostAddedPlainly
        numbers[row] = isCrowded ? Int32(crowded) : -1
        if isCrowded { crowded += 1 }
      }
      let length = adj_running_sum_bytes(type.rawValue) * columns
      withUnsafeTemporaryAllocation(byteCount: crowded * length, alignment: 8) { sums in
        sums.initializeMemory(as: UInt8.self, repeating: 0)
        let sums = sums.baseAddress!
        for (position, index) in indices.enumerated() where rows.contains(Int(index)) {
          let number = Int(numbers[Int(index) - rows.lowerBound])
          if number < 0 {
            add(position, Int(index))
          } else {
            adj_add_running(type.rawValue, source + position * rowBytes, sums + number * length, columns)
          }
        }
        for row in numbers.indices where numbers[row] >= 0 {
          let target = output + (rows.lowerBound + row) * rowBytes
          adj_end_running(type.rawValue, sums + Int(numbers[row]) * length, target, columns)
        }
      }
    }
  }
}
