public import Adjoint

/// Attention with several heads (Vaswani et al. 2017): each row of x asks each row of a memory, and gets the mean of
/// what it reads there, weighted by how well they match.
///
/// ```swift
/// let seen = multiHeadAttention(text, "self", heads: 8, isCausal: true)               // [batch, time, width]
/// let told = multiHeadAttention(seen, over: image, "cross", heads: 8, mask: isPatch)  // image: [batch, patches, any]
/// ```
/// With Q, K and V made by dense layers, of which each head h has d = width / heads columns: softmax(Qₕ · Kₕᵀ / √d) ·
/// Vₕ, the heads side by side, through a fourth dense layer. Parameters are those of the layers `name/queries`,
/// `name/keys`, `name/values` and `name/output`. Operands that do not fit are errors when compiling, with the line of
/// this call.
///
/// - Parameters:
///   - x: `[batch, time, width]`, as the result; the width is divisible by `heads`.
///   - memory: `[batch, rows, any]`, x itself if `nil`.
///   - name: the scope of the parameters.
///   - heads: at least 1.
///   - isCausal: whether row i of x reads rows 0...i of the memory only.
///   - mask: what may be read, 1, or else 0, of a shape that stretches to `[batch, heads, time, rows]`, such as
///     `[batch, 1, 1, rows]` for rows that are there to fill up. A row of x that may read nothing gets the output
///     layer's bias.
///   - initializer: how the matrices begin; biases begin at 0.
///   - fileID: where it is called, for messages.
///   - line: where in that file.
/// - Complexity: 8 · batch · time · width² + 4 · batch · time · rows · width operations for a memory of x's width and
///   length, and memory for batch · heads · time · rows weights.
public func multiHeadAttention(
  _ x: Node, over memory: Node? = nil, _ name: String, heads: Int, isCausal: Bool = false, mask: Node? = nil,
  _ initializer: Initializer = .glorotUniform(), fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let graph = x.graph
  let memory = memory ?? x
  if let reason = misfit(x, memory, heads: heads, mask) {
    let operands = [x, memory] + (mask.map { [$0] } ?? [])
    return graph.refused(Matmul(), operands, reason, fileID: fileID, line: line)
  }
  return graph.scope(name) {
    graph.placing(at: fileID, line) {
      let width = x.shape[2], type = x.elementType
      func parts(_ source: Node, _ name: String, _ order: [Int]) -> Node {
        dense(source, name, to: width, initializer)
          .reshaped([source.shape[0], source.shape[1], heads, width / heads]).transposed(order)
      }
      let queries = parts(x, "queries", [0, 2, 1, 3]), keys = parts(memory, "keys", [0, 2, 3, 1])
      let values = parts(memory, "values", [0, 2, 1, 3])
      let scores = queries.matmul(keys) * (1 / Double(width / heads)).squareRoot()
      let weights: Node
      if let isReadable = isReadable(x.shape[1], memory.shape[1], isCausal: isCausal, mask, scores) {
        let lowest = graph.constant(-type.greatestFiniteMagnitude, [], type), zero = graph.constant(0, [], type)
        // Where nothing may be read, all weights of a row would be alike.
        weights = select(isReadable, softmax(select(isReadable, scores, lowest)), zero)
      } else {
        weights = softmax(scores)
      }
      let read = weights.matmul(values).transposed([0, 2, 1, 3]).reshaped(x.shape)
      return dense(read, "output", to: width, initializer)
    }
  }
}

/// Why operands do not go together, if they do not.
private func misfit(_ x: Node, _ memory: Node, heads: Int, _ mask: Node?) -> String? {
  // Of a stranger it is not the shape that is wrong, and the message will say so.
  if memory.graph !== x.graph { return "the memory of an attention belongs to another graph" }
  guard x.shape.rank == 3, memory.shape.rank == 3, x.shape[0] == memory.shape[0] else {
    return "attention reads [batch, time, width] and a memory [batch, rows, any], got \(x.shape) and \(memory.shape)"
  }
  guard heads >= 1, x.shape[2] % heads == 0 else {
    return "the width of \(x.shape) is not divisible among \(heads) heads"
  }
  let scores: Shape = [x.shape[0], heads, x.shape[1], memory.shape[1]]
  guard let mask, (try? Shape.broadcast(mask.shape, scores)) != scores else { return nil }
  return "the mask of an attention stretches to \(scores), and one of shape \(mask.shape) does not"
}

/// 1 where a row of x may read a row of the memory, and else 0; `nil` if it may everywhere.
private func isReadable(_ time: Int, _ rows: Int, isCausal: Bool, _ mask: Node?, _ scores: Node) -> Node? {
  guard isCausal else { return mask }
  func places(_ count: Int, _ shape: Shape) -> Node {
    scores.graph.constant(doubles: (0..<count).map(Double.init), shape, scores.elementType)
  }
  let isEarlier = 1 - greater(places(rows, [1, rows]), places(time, [time, 1]))
  let zero = scores.graph.constant(0, [], scores.elementType)
  return mask.map { select($0, isEarlier, zero) } ?? isEarlier
}
