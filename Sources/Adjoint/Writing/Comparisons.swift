internal import CCallSite

/// Comparisons of two nodes, element by element, as truth values: nodes of ``ElementType/bool``.
///
/// They have the operators of Swift's SIMD types, with a point: `a == b` asks whether two variables name one node of a
/// graph, and `a .== b` is a node that has the answer for each pair of elements, once the program runs. `<` and `>` ask
/// nothing else of nodes, and need no point.
///
/// ```swift
/// let isSmall = (x .> -1) .& (x .<= 1)          // and(x .> -1, x .<= 1)
/// let y = select(isSmall, square(x), 2 * abs(x) - 1)
/// let accuracy = (logits.argmax() .== labels).cast(to: .float32).mean()
/// ```
/// Operands are of one element type, and one of them may be a number; axes broadcast. Integers of 32 bits and other
/// types without arithmetic are compared exactly. Those of 64 bits are not compared: cast them. A NaN is neither below,
/// above nor equal to anything, so that `.!=` alone is true of it. No gradient flows through a comparison.
extension Node {
  /// Whether each element of `left` is below that of `right`.
  @inline(never)
  public static func .< (left: Node, right: Node) -> Node {
    Comparison.less.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func .< (left: Node, right: some NumberOperand) -> Node {
    Comparison.less.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func .< (left: some NumberOperand, right: Node) -> Node {
    Comparison.greater.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` is below that of `right`, as `.<`.
  @inline(never)
  public static func < (left: Node, right: Node) -> Node {
    Comparison.less.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func < (left: Node, right: some NumberOperand) -> Node {
    Comparison.less.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func < (left: some NumberOperand, right: Node) -> Node {
    Comparison.greater.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` is above that of `right`, as `.>`.
  @inline(never)
  public static func > (left: Node, right: Node) -> Node {
    Comparison.greater.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func > (left: Node, right: some NumberOperand) -> Node {
    Comparison.greater.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func > (left: some NumberOperand, right: Node) -> Node {
    Comparison.less.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` is at most that of `right`.
  @inline(never)
  public static func .<= (left: Node, right: Node) -> Node {
    Comparison.lessOrEqual.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func .<= (left: Node, right: some NumberOperand) -> Node {
    Comparison.lessOrEqual.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func .<= (left: some NumberOperand, right: Node) -> Node {
    Comparison.greaterOrEqual.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` is above that of `right`.
  @inline(never)
  public static func .> (left: Node, right: Node) -> Node {
    Comparison.greater.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func .> (left: Node, right: some NumberOperand) -> Node {
    Comparison.greater.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func .> (left: some NumberOperand, right: Node) -> Node {
    Comparison.less.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` is at least that of `right`.
  @inline(never)
  public static func .>= (left: Node, right: Node) -> Node {
    Comparison.greaterOrEqual.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func .>= (left: Node, right: some NumberOperand) -> Node {
    Comparison.greaterOrEqual.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func .>= (left: some NumberOperand, right: Node) -> Node {
    Comparison.lessOrEqual.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` equals that of `right`; −0 equals +0.
  @inline(never)
  public static func .== (left: Node, right: Node) -> Node {
    Comparison.equal.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func .== (left: Node, right: some NumberOperand) -> Node {
    Comparison.equal.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func .== (left: some NumberOperand, right: Node) -> Node {
    Comparison.equal.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }

  /// Whether each element of `left` differs from that of `right`; a NaN does, from itself too.
  @inline(never)
  public static func .!= (left: Node, right: Node) -> Node {
    Comparison.notEqual.of(left, right, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the right.
  @inline(never)
  public static func .!= (left: Node, right: some NumberOperand) -> Node {
    Comparison.notEqual.of(left, right.asDouble, at: .operatorCall(adj_return_address()))
  }
  /// The same with the number on the left.
  @inline(never)
  public static func .!= (left: some NumberOperand, right: Node) -> Node {
    Comparison.notEqual.of(right, left.asDouble, at: .operatorCall(adj_return_address()))
  }
}

/// One of six, written in the two gates that there are: a ≤ b is what one of b > a and a = b says.
private enum Comparison {
  case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual

  func of(_ left: Node, _ right: Node, at location: PackedLocation) -> Node {
    // Operands of two types, or of another graph, are the gate's to refuse.
    guard left.graph === right.graph, left.elementType == right.elementType else {
      return left.graph.apply(Greater(), left, right, at: location)
    }
    return of(Term(left, at: location).comparable, Term(right, at: location).comparable)
  }

  func of(_ left: Node, _ right: Double, at location: PackedLocation) -> Node {
    let left = Term(left, at: location).comparable
    return of(left, left.literal(right))
  }

  private func of(_ a: Term, _ b: Term) -> Node {
    func isGreater(_ a: Term, _ b: Term) -> Term { a.applying(Greater(), b) }
    func isEqual() -> Term { a.applying(Equal(), b) }
    let result =
      switch self {
      case .less: isGreater(b, a)
      case .lessOrEqual: isGreater(b, a) + isEqual()
      case .greater: isGreater(a, b)
      case .greaterOrEqual: isGreater(a, b) + isEqual()
      case .equal: isEqual()
      case .notEqual: a.literal(1) - isEqual()
      }
    return result.applying(Cast(to: .bool)).node
  }
}

extension Term {
  /// These elements in a type that is computed with and has all of them, if there is one.
  fileprivate var comparable: Term {
    let type = node.elementType
    if type.hasArithmetic || type.precision > ElementType.float64.precision { return self }
    return applying(Cast(to: type.precision > ElementType.float32.precision ? .float64 : .float32))
  }
}
