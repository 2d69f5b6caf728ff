import Foundation
import Kernels

/// A matrix of `rows` by `columns` whose rows are `stride` elements apart, NaN between them, at the end of memory
/// behind which nothing can be read.
final class GuardedMatrix<T: KernelFloat> {
  let rows: Int, columns: Int, stride: Int
  private let memory: GuardedMemory
  var elements: UnsafeMutablePointer<T> { memory.address.assumingMemoryBound(to: T.self) }
  var count: Int { (rows - 1) * stride + columns }

  init(_ rows: Int, _ columns: Int, gap: Int, _ number: () -> T) {
    (self.rows, self.columns, stride) = (rows, columns, columns + gap)
    memory = GuardedMemory(byteCount: ((rows - 1) * (columns + gap) + columns) * MemoryLayout<T>.stride)
    for place in 0..<count { elements[place] = place % stride < columns ? number() : .nan }
  }

  func copy() -> GuardedMatrix {
    let copy = GuardedMatrix(rows, columns, gap: stride - columns) { 0 }
    copy.elements.update(from: elements, count: count)
    return copy
  }

  subscript(row: Int, column: Int) -> T {
    get { elements[row * stride + column] }
    set { elements[row * stride + column] = newValue }
  }

  func isIdentical(to other: GuardedMatrix) -> Bool {
    memcmp(elements, other.elements, count * MemoryLayout<T>.stride) == 0
  }
}
