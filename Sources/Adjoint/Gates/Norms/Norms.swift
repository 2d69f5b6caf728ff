/// Lengths of vectors, the elements along some axes, and what is divided by them. At a vector of length 0, where a
/// length has no derivative and a direction no value, all of these are 0 and so are their gradients.

extension Node {
  /// The Euclidean length √Σx² over `axes` (all, if `nil`); a negative axis counts from the end. The gradient is x / y,
  /// and 0 where y is 0: of all subgradients there, the shortest.
  ///
  /// Vectors of huge and of tiny elements have the length that is theirs, where squares would be infinite or 0.
  public func l2Norm(
    axes: [Int]? = nil, keepsAxes: Bool = false, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    graph.apply(EuclideanNorm(axes: axes ?? allAxes, keepsAxes: keepsAxes), to: [self], fileID: fileID, line: line)
  }

  /// x / √Σx², the vectors along `axes` (the last, if left out) at length 1. A negative axis counts from the end.
  ///
  /// A vector shorter than `epsilon` has no direction to speak of: it becomes 0 and gets no gradient, where dividing by
  /// `epsilon` would multiply the gradient by 10⁸. `epsilon` is a number of x's type above 0.
  public func l2Normalized(
    axes: [Int] = [-1], epsilon: Double = 1e-8, fileID: StaticString = #fileID, line: UInt = #line
  ) -> Node {
    let x = Term(self, fileID, line)
    let length = x.applying(ScaledNorm(axes: axes))
    return length.direction(of: x, unless: length.isShort(epsilon)).node
  }
}

/// The cosine of the angle between `a` and `b`, Σab / (√Σa² · √Σb²) along the last axis, which is dropped unless
/// `keepsAxis`; axes broadcast. Between −1 and 1; of a vector and itself 1, and −1 of it and its negative, to the bit.
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
  guard (try? Shape.broadcast(first.node.shape, second.node.shape)) != nil else { return (first * second).node }
  // The cosine does not depend on lengths, so they are constants, as far as gradients go. Once divided by them, vectors
  // are divided by what lengths are left: the same rounding above and below the bar gives 1 for equal vectors.
  let (left, right) = (first.nearUnitLength(epsilon), second.nearUnitLength(epsilon))
  let products = left.vector * right.vector
  let inner = products.applying(Sum(axes: [products.node.shape.rank - 1], keepsAxes: keepsAxis))
  func squares(_ side: (vector: Term, isShort: Term)) -> Term {
    let axes = [side.vector.node.shape.rank - 1]
    let squares = side.vector.applying(Square()).applying(Sum(axes: axes, keepsAxes: true))
    let safe = side.isShort.applying(Select(), squares.literal(1), squares)
    return keepsAxis ? safe : safe.reshaped(Shape(safe.node.shape.dimensions.dropLast()))
  }
  let cosine = inner / (squares(left) * squares(right)).applying(SquareRoot())
  let bounded = cosine.applying(Minimum(), cosine.literal(1)).applying(Maximum(), cosine.literal(-1))
  return (cosine + (bounded - cosine).applying(StopGradient())).node
}

extension Term {
  /// An element that every place along the last axis repeats, so that its vector has its full length.
  fileprivate func stretchingLastAxis(to length: Int) -> Term {
    guard node.shape.dimensions.last == 1, length > 1 else { return self }
    return applying(Broadcast(to: Shape(node.shape.dimensions.dropLast() + [length])))
  }

  /// The vectors along the last axis, divided by constants that are their lengths, and which of them are shorter than
  /// `epsilon` and become 0.
  fileprivate func nearUnitLength(_ epsilon: Double) -> (vector: Term, isShort: Term) {
    let length = applying(StopGradient()).applying(ScaledNorm(axes: [node.shape.rank - 1]))
    let isShort = length.isShort(epsilon)
    return (length.direction(of: self, unless: isShort), isShort)
  }

  /// Where a length, as ``ScaledNorm`` gives it, is below `epsilon`; a NaN is not.
  fileprivate func isShort(_ epsilon: Double) -> Term {
    let type = node.elementType
    return literal(epsilon).applying(Greater(), normOfCode()).refused(
      unless: type.canHold(epsilon: epsilon),
      "the length below which a vector counts as 0 is above 0 and finite in \(type), got \(epsilon)")
  }
}
