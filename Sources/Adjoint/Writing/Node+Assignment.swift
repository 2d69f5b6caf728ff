internal import CCallSite

// A node is a value: `x += y` makes the node x + y and has the variable x name it from then on. The graph keeps the
// old one, and whoever else has it.
extension Node {
  /// Makes `left` the sum `left + right`.
  ///
  /// ```swift
  /// var loss = crossEntropy(logits: logits, labels: labels)
  /// for weights in graph.parameters { loss += 1e-4 * square(weights).sum() }
  /// ```
  @inline(never)
  public static func += (left: inout Node, right: Node) {
    left = left.graph.apply(Add(), left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number, for every element.
  @inline(never)
  public static func += (left: inout Node, right: some NumberOperand) {
    left = left.applying(Add(), before: right.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Makes `left` the difference `left - right`.
  @inline(never)
  public static func -= (left: inout Node, right: Node) {
    left = left.graph.apply(Subtract(), left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number, for every element.
  @inline(never)
  public static func -= (left: inout Node, right: some NumberOperand) {
    left = left.applying(Subtract(), before: right.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Makes `left` the elementwise product `left * right`.
  @inline(never)
  public static func *= (left: inout Node, right: Node) {
    left = left.graph.apply(Multiply(), left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number, for every element.
  @inline(never)
  public static func *= (left: inout Node, right: some NumberOperand) {
    left = left.applying(Multiply(), before: right.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Makes `left` the quotient `left / right`.
  @inline(never)
  public static func /= (left: inout Node, right: Node) {
    left = left.graph.apply(Divide(), left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with a number, for every element.
  @inline(never)
  public static func /= (left: inout Node, right: some NumberOperand) {
    left = left.applying(Divide(), before: right.asDouble, at: .operatorCall(adj_return_address()))
  }
}
