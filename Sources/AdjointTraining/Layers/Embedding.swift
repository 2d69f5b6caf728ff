public import Adjoint

/// An embedding: the rows of the parameter `name/table` that `indices` name.
///
/// ```swift
/// let words = graph.input("words", [32, 20], .int32)
/// let vectors = embedding(words, "words", count: 10_000, width: 64)
/// ```
/// The indices are int32 of any shape `[…]`, and the result is `[…, width]`. The table `[count, width]` begins as
/// `initializer` says; if it is left out at normal numbers of variance 1 / width, rows of length 1 or so. A row that is
/// read twice gets the sum of both gradients; an index outside `0..<count` is an error of the run.
public func embedding(
  _ indices: Node, _ name: String, count: Int, width: Int, _ initializer: Initializer? = nil,
  _ type: ElementType = .float32, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  indices.graph.scope(name) {
    let table = indices.graph.table(count, width, initializer, type, fileID, line)
    return table.gatheringRows(indices, fileID: fileID, line: line)
  }
}

/// An embedding of bags: of each bag the sum or the mean of the rows of `name/table` that its indices name.
///
/// ```swift
/// let words = graph.input("words", [32, 20], .int32)                    // 32 texts, filled up with -1
/// let texts = embeddingBag(words, "words", count: 10_000, width: 64, isMean: true, ignoring: -1)   // [32, 64]
/// ```
/// It is ``embedding(_:_:count:width:_:_:fileID:line:)`` summed over the last axis of the indices.
///
/// - Parameters:
///   - indices: int32 `[…, bag]`, in `0..<count` or `ignored`; another is an error of the run.
///   - name: the scope of the parameter.
///   - count: the rows of the table.
///   - width: the extent of the result's last axis, `[…, width]`.
///   - isMean: whether the sum is divided by how many indices count. Of a bag in which none does, the result is 0.
///   - ignored: an index of nothing, with which short bags are filled up.
///   - initializer: how the table begins; at normal numbers of variance 1 / width if `nil`.
///   - type: of the table.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
public func embeddingBag(
  _ indices: Node, _ name: String, count: Int, width: Int, isMean: Bool = false, ignoring ignored: Int32? = nil,
  _ initializer: Initializer? = nil, _ type: ElementType = .float32,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = indices.graph
  return graph.scope(name) {
    graph.placing(at: fileID, line) {
      let table = graph.table(count, width, initializer, type, fileID, line)
      guard let ignored, indices.elementType == .int32 else {
        let rows = table.gatheringRows(indices)
        return isMean ? rows.mean(axes: [-2]) : rows.sum(axes: [-2])
      }
      let isIgnored = equal(indices.cast(to: .float64), graph.constant(Double(ignored), [], .float64)).cast(to: type)
      let known = select(isIgnored, graph.constant([0 as Int32], []), indices)
      // One more axis, by which a row is one of ignored numbers as a whole.
      let columns = isIgnored.reshaped(Shape(indices.shape.dimensions + [1]))
      let zero = graph.constant(0, [], type), one = graph.constant(1, [], type)
      let sum = select(columns, zero, table.gatheringRows(known)).sum(axes: [-2])
      return isMean ? sum / maximum((1 - columns).sum(axes: [-2]), one) : sum
    }
  }
}

extension Graph {
  /// The parameter `table` of an embedding.
  fileprivate func table(
    _ count: Int, _ width: Int, _ initializer: Initializer?, _ type: ElementType, _ fileID: StaticString, _ line: UInt
  ) -> Node {
    let initializer = initializer ?? .normal(deviation: (1 / Double(max(width, 1))).squareRoot())
    return parameter("table", [count, width], initializer, type, fileID: fileID, line: line)
  }
}
