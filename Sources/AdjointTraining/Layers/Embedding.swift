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
    let initializer = initializer ?? .normal(deviation: (1 / Double(max(width, 1))).squareRoot())
    let table = indices.graph.parameter("table", [count, width], initializer, type, fileID: fileID, line: line)
    return table.gatheringRows(indices, fileID: fileID, line: line)
  }
}
