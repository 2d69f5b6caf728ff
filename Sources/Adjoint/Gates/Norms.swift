/// Lengths of vectors, the elements along some axes, and what is divided by them. At a vector of length 0, where a length
/// has no derivative and a direction no value, all of these are 0 and so are their gradients.

extension Node {
  /// The Euclidean length √Σx² over `axes` (all, if `nil`); a negative axis counts from the end. The gradient is x / y,
  /// and 0 where y is 0: of all subgradients there, the shortest.
  ///
  /// Squares are formed as they are: an element beyond the square root of the largest number makes the length infinite.
  public func l2Norm(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let squares = Term(self, fileID, line).sumOfSquares(axes: frontAxes(axes), keepsAxes: keepsAxes)
    let zero = squares.literal(0)
    let isZero = squares.applying(Equal(), zero)
    let safe = isZero.applying(Select(), squares.literal(1), squares)
    return isZero.applying(Select(), zero, safe.applying(SquareRoot())).node
  }

  /// x / √Σx², the vectors along `axes` (the last, if left out) at length 1. A negative axis counts from the end.
  ///
  /// A vector shorter than `epsilon` has no direction to speak of: it becomes 0 and gets no gradient, where dividing by
  /// `epsilon` would multiply the gradient by 10⁸. The square of `epsilon` is a number of x's type above 0: in float32 it is
  /// at least 2.7 · 10⁻²³.
  public func l2Normalized(
    axes: [Int] = [-1], epsilon: Double = 1e-8, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    let squares = x.sumOfSquares(axes: frontAxes(axes), keepsAxes: true)
    return (x * squares.inverseLength(epsilon: epsilon)).node
  }
}

/// The cosine of the angle between `a` and `b`, Σab / (√Σa² · √Σb²) along the last axis, which is dropped unless
/// `keepsAxis`; axes broadcast.
///
/// With a vector shorter than `epsilon` it is 0 and neither operand gets a gradient from it: a direction that does not
/// exist is neither like nor unlike another.
public func cosineSimilarity(
  _ a: Node, _ b: Node, keepsAxis: Bool = false, epsilon: Double = 1e-8,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let length = max(a.shape.dimensions.last ?? 1, b.shape.dimensions.last ?? 1)
  let first = Term(a, fileID, line).stretchingLastAxis(to: length)
  let second = first.beside(b).stretchingLastAxis(to: length)
  func lastAxis(_ node: Node) -> [Int] { [node.shape.rank - 1] }
  let products = first * second
  let inner = products.applying(Sum(axes: lastAxis(products.node), keepsAxes: keepsAxis))
  let lengths = [first, second].map {
    $0.sumOfSquares(axes: lastAxis($0.node), keepsAxes: keepsAxis).inverseLength(epsilon: epsilon)
  }
  return (inner * lengths[0] * lengths[1]).node
}

extension Term {
  fileprivate func sumOfSquares(axes: [Int], keepsAxes: Bool) -> Term {
    applying(Square()).applying(Sum(axes: axes, keepsAxes: keepsAxes))
  }

  /// An element that every place along the last axis repeats, so that its vector has its full length.
  fileprivate func stretchingLastAxis(to length: Int) -> Term {
    guard node.shape.dimensions.last == 1, length > 1 else { return self }
    return applying(Broadcast(to: Shape(node.shape.dimensions.dropLast() + [length])))
  }

  /// 1 / √x for a sum of squares x, 0 below `epsilon`²: the root is taken of 1 there, so that neither it nor its gradient
  /// is infinite. A NaN stays one.
  fileprivate func inverseLength(epsilon: Double) -> Term {
    let type = node.elementType
    precondition(
      epsilon > 0 && type.canHold(epsilon: epsilon * epsilon),
      "The length below which a vector counts as 0 is above 0, and its square above 0 and finite in \(type), got \(epsilon)"
    )
    let isShort = literal(epsilon * epsilon).applying(Greater(), self)
    let safe = isShort.applying(Select(), literal(1), self)
    return isShort.applying(Select(), literal(0), literal(1) / safe.applying(SquareRoot()))
  }
}
