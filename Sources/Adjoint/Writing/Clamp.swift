/// x, but at least `lower` and at most `upper`, elementwise: min(max(x, lower), upper). A NaN stays NaN.
///
/// The gradient passes between the bounds and ends beyond them; at a bound half of it passes, as at other ties.
/// Bounds that do not ascend, or are NaN, are an error when compiling.
public func clamp(
  _ x: Node, _ lower: some NumberOperand, _ upper: some NumberOperand, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Node {
  let x = Term(x, fileID, line), (lower, upper) = (lower.asDouble, upper.asDouble)
  return x.applying(Maximum(), x.literal(lower)).applying(Minimum(), x.literal(upper))
    .refused(unless: lower <= upper, "bounds ascend, got \(lower) and \(upper)").node
}

/// The same with bounds that are nodes, each of which gets the gradient where x lies beyond it. Where `lower` is above
/// `upper`, it is `upper`.
public func clamp(
  _ x: Node, _ lower: Node, _ upper: Node, fileID: StaticString = #fileID, line: UInt = #line
) -> Node {
  let x = Term(x, fileID, line)
  return x.applying(Maximum(), x.beside(lower)).applying(Minimum(), x.beside(upper)).node
}
