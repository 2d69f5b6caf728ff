extension Node {
  /// The elements in ascending order along `axis`, or in descending order; a negative axis counts from the end.
  ///
  /// A NaN counts as the greatest. Equal elements keep their order. The gradient goes back to where each element came
  /// from.
  ///
  /// - Complexity: O(n log n) for each lane of n elements.
  public func sorted(
    axis: Int = -1, descending: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let order = argsort(axis: axis, descending: descending, fileID: fileID, line: line)
    return gathering(order, axis: axis, fileID: fileID, line: line)
  }

  /// Where along `axis` the elements stand that ``sorted(axis:descending:fileID:line:)`` gives, as int32 of the same
  /// shape. No gradient flows through it.
  public func argsort(
    axis: Int = -1, descending: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let gate = ArgSort(isDescending: descending)
    guard let front = try? shape.normalized(axis: axis) else {
      return graph.refused(
        gate, [self], "axis \(axis) does not exist in a value of shape \(shape)", fileID: fileID, line: line)
    }
    var order = allAxes
    order.swapAt(front, shape.rank - 1)
    return Term(self, fileID, line).transposed(order).applying(gate).transposed(order).node
  }

  /// The `k` greatest elements along `axis`, in descending order, and where they stand, as int32; with `smallest` the
  /// `k` smallest, in ascending order. A negative axis counts from the end.
  ///
  /// Both have the extent `k` along that axis; a `k` that is not in 1...n for n elements is an error when compiling. A
  /// NaN counts as the greatest, and of equal elements the first come first. The gradient goes to the elements that
  /// were taken.
  ///
  /// - Complexity: O(n log n) for each lane of n elements.
  public func topK(
    _ k: Int, axis: Int = -1, smallest: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> (values: Node, indices: Node) {
    guard k > 0 else {
      let gate = ArgSort(isDescending: !smallest)
      let reason = "one element or more are taken, not \(k)"
      let refused = graph.refused(gate, [self], reason, fileID: fileID, line: line)
      return (refused, refused)
    }
    let order = argsort(axis: axis, descending: !smallest, fileID: fileID, line: line)
    let indices = order.sliced(0..<k, axis: axis, fileID: fileID, line: line)
    return (gathering(indices, axis: axis, fileID: fileID, line: line), indices)
  }
}
