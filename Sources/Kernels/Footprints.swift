internal import CKernels

// Which elements of its operands and its result a part of a kernel has to do with: one range each, that may name more
// than are touched, and never fewer.

extension StridedLayout {
  /// Where operand `operand` is read for the elements `range` of the output, relative to its first: from the least to the
  /// greatest.
  ///
  /// - Complexity: O(axes).
  func elementsRead(of operand: Int, for range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    // From the innermost axis out, within one row of those that are left: what is read by all elements between the two
    // ends, by those from the first on, by those up to the last, and by all.
    var between = (first: 0, last: 0)
    var (fromFirst, toLast, all) = (0, 0, 0)
    var (low, high) = (range.lowerBound, range.upperBound - 1)
    for axis in sizes.indices.reversed() {
      let (size, stride) = (sizes[axis], strides[operand * sizes.count + axis])
      let (top, bottom) = (low % size, high % size)
      (low, high) = (low / size, high / size)
      let first = min(top * stride + fromFirst, top + 1 < size ? (top + 1) * stride : .max)
      let last = max(bottom * stride + toLast, bottom > 0 ? (bottom - 1) * stride + all : 0)
      if top == bottom {
        between = (between.first + top * stride, between.last + top * stride)
      } else {
        between = (min(top * stride + fromFirst, (top + 1) * stride), last)
      }
      (fromFirst, toLast, all) = (first, last, all + (size - 1) * stride)
    }
    return between.first..<between.last + 1
  }
}

extension BroadcastPlan {
  /// The elements of operand `operand` that are read for those of the output in `range`.
  package func elementsRead(of operand: Int, for range: Range<Int>) -> Range<Int> {
    layout.elementsRead(of: operand, for: range)
  }
}

extension MovementPlan {
  /// The elements of the input that are read for those of the output in `range`.
  package func elementsRead(for range: Range<Int>) -> Range<Int> {
    layout.elementsRead(of: 0, for: range).shifted(by: offset)
  }
}

extension ConcatenationPlan {
  /// The elements of input `input` that are read for those of the output in `range`: within one row those alone, else all
  /// of the rows that it reaches.
  package func elementsRead(of input: Int, for range: Range<Int>) -> Range<Int> {
    let rows = range.lowerBound / rowLength..<(range.upperBound + rowLength - 1) / rowLength
    if rows.count == 1 {
      let start = rows.lowerBound * rowLength + starts[input]
      let shown = range.clamped(to: start..<start + widths[input])
      return shown.isEmpty ? 0..<0 : shown.shifted(by: rows.lowerBound * widths[input] - start)
    }
    return rows.lowerBound * widths[input]..<rows.upperBound * widths[input]
  }
}

extension MatmulPlan {
  /// The elements of C that a range of its blocks is.
  package func elements(of blocks: Range<Int>) -> Range<Int> {
    guard !blocks.isEmpty else { return 0..<0 }
    let (first, last) = (block(blocks.lowerBound), block(blocks.upperBound - 1))
    return (first.batch * m + first.top) * n + first.left..<(last.batch * m + last.top + last.height - 1) * n
      + last.left + last.width
  }

  /// The elements of A that are read for a range of the blocks of C.
  package func elementsOfA(for blocks: Range<Int>) -> Range<Int> {
    guard !blocks.isEmpty else { return 0..<0 }
    let (first, last) = (block(blocks.lowerBound), block(blocks.upperBound - 1))
    guard first.batch == last.batch, !transposeA else { return hull(offsetsA, first, last, matrix: m * k) }
    return (first.top * k..<(last.top + last.height) * k).shifted(by: offsetsA[first.batch])
  }

  /// The elements of B that are read for a range of the blocks of C.
  package func elementsOfB(for blocks: Range<Int>) -> Range<Int> {
    guard !blocks.isEmpty else { return 0..<0 }
    let (first, last) = (block(blocks.lowerBound), block(blocks.upperBound - 1))
    if panelLanes > 0 {
      let all = (n + panelLanes - 1) / panelLanes
      let isOneRow = first.batch == last.batch && first.top == last.top
      let panels = isOneRow ? first.left / panelLanes..<(last.left + last.width + panelLanes - 1) / panelLanes : 0..<all
      return panels.lowerBound * k * panelLanes..<panels.upperBound * k * panelLanes
    }
    guard first.batch == last.batch, first.top == last.top, transposeB else {
      return hull(offsetsB, first, last, matrix: k * n)
    }
    return (first.left * k..<(last.left + last.width) * k).shifted(by: offsetsB[first.batch])
  }

  /// All matrices of the batches from that of one block to that of another.
  private func hull(_ offsets: [Int], _ first: Block, _ last: Block, matrix: Int) -> Range<Int> {
    let starts = offsets[first.batch...last.batch]
    return starts.min()!..<starts.max()! + matrix
  }
}

extension ElementwiseChain {
  /// The elements of operand `operand` that are read for those of the outputs in `range`; `nil` if the operand is rows of
  /// a table or their indices.
  ///
  /// - Complexity: O(operations · pieces).
  package func elementsRead(of operand: Int, for range: Range<Int>) -> Range<Int>? {
    if parts.gathers.contains(where: { $0.operand == operand || $0.indices == operand }) { return nil }
    var read = 0..<0
    for (index, operation) in parts.operations.enumerated() {
      if operation.operation == ADJ_CHAIN_SPLICE {
        let wanted = elementsTouched(ofValue: operandCount + index, for: range)
        for piece in parts.pieces[Int(operation.a)..<Int(operation.a + operation.b)] where piece.value == operand {
          let shown = wanted.clamped(to: piece.begin..<piece.end)
          if !shown.isEmpty { read = read.hull(shown.shifted(by: -piece.shift)) }
        }
      } else if operation.a == operand || operation.b == operand || operation.c == operand {
        let wanted = parts.layout.elementsRead(of: operand, for: elementsTouched(ofValue: operand, for: range))
        read = read.hull(wanted.shifted(by: parts.offsets[operand]))
      }
    }
    return read
  }

  /// The elements of a value that are looked at where those of `range` are wanted: what is needed before a block is
  /// computed in whole vectors, of which the first elements may be needed by nobody.
  private func elementsTouched(ofValue value: Int, for range: Range<Int>) -> Range<Int> {
    let needed = elements(ofValue: value, for: range)
    if parts.extents.isEmpty || parts.extents[value].before == 0 { return needed }
    return max(0, range.lowerBound - Int(ADJ_CHAIN_REACH))..<needed.upperBound
  }
}

extension Range<Int> {
  fileprivate func shifted(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }

  /// The smallest range with the elements of both.
  fileprivate func hull(_ other: Range<Int>) -> Range<Int> {
    if isEmpty { return other }
    if other.isEmpty { return self }
    return Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}
