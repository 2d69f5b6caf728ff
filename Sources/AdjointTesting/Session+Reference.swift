public import Adjoint

extension Session {
  /// Feeds an input or sets a parameter with a reference value of its shape and type.
  public func write(_ value: ReferenceTensor, to node: Node) throws {
    try check(value, node)
    try write(value.values, to: node)
  }

  private func check(_ value: ReferenceTensor, _ node: Node) throws {
    guard value.elementType == node.elementType else {
      throw SessionError.wrongValues(
        "\(node.name), made at \(node.location), holds \(node.elementType), not \(value.elementType)")
    }
  }

  /// Sets the gradient that comes from above into `output`.
  public func writeUpstream(_ value: ReferenceTensor, of output: Node) throws {
    try check(value, output)
    try writeUpstream(doubles: value.values, of: output)
  }

  /// The value of an input, parameter or output, to compare with ``ReferenceEngine``'s.
  public func referenceValue(of node: Node) throws -> ReferenceTensor {
    ReferenceTensor(node.shape, node.elementType, try doubles(of: node))
  }

  /// The gradient of `node`, to compare with ``ReferenceEngine``'s.
  public func referenceGradient(of node: Node) throws -> ReferenceTensor {
    ReferenceTensor(node.shape, node.elementType, try gradientDoubles(of: node))
  }
}

extension ReferenceTensor {
  /// Whether both hold the same bits, +0 and -0 apart and any NaN the same as another.
  public func isIdentical(to other: ReferenceTensor) -> Bool {
    guard shape == other.shape, elementType == other.elementType else { return false }
    return zip(values, other.values).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
  }

  /// The first element in which the two differ, in words; `nil` if they are identical.
  public func firstDifference(from other: ReferenceTensor) -> String? {
    if shape != other.shape || elementType != other.elementType {
      return "\(shape) \(elementType) is not \(other.shape) \(other.elementType)"
    }
    for (position, (left, right)) in zip(values, other.values).enumerated()
    where left.bitPattern != right.bitPattern && !(left.isNaN && right.isNaN) {
      return "element \(position) is \(left), not \(right)"
    }
    return nil
  }
}
