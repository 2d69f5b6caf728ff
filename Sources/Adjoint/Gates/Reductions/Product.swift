extension Node {
  /// The product over `axes` (all, if `nil`); a negative axis counts from the end. Over no axis it is the value itself.
  ///
  /// It is the last of the running products, ``cumulativeProduct(axis:fromTheEnd:fileID:line:)``: kept as doubles, and
  /// with a gradient that divides by no element, right where elements are 0.
  ///
  /// - Complexity: O(elements), and as much memory.
  public func product(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let shape = shape
    let front: [Int]
    do throws(ShapeError) {
      front = try shape.normalized(axes: axes)
    } catch {
      return graph.refused(CumulativeProduct(axis: 0), [self], error.description, fileID: fileID, line: line)
    }
    let result = shape.reduced(over: front, keepingAxes: keepsAxes)
    if front.isEmpty { return self }
    let kept = (0..<shape.rank).filter { !front.contains($0) }
    let count = front.reduce(1) { $0 * shape[$1] }
    let lanes = kept.map { shape[$0] }, order = kept + front, last = kept.count
    let x = Term(self, fileID, line)
    let rows = (order == allAxes ? x : x.applying(Transpose(order))).reshaped(Shape(lanes + [count]))
    let products = rows.applying(CumulativeProduct(axis: last))
    let end = Slice(starts: [Int](repeating: 0, count: last) + [count - 1], extents: lanes + [1])
    return products.applying(end).reshaped(result).node
  }
}
