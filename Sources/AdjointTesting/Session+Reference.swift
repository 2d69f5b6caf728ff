public import Adjoint

extension Session {
  /// Feeds an input or sets a parameter with a reference value of its shape and type.
  public func write(_ value: ReferenceTensor, to node: Node) throws {
    switch value.elementType {
    case .float32: try write(value.values.map { Float($0) }, to: node)
    case .float64: try write(value.values, to: node)
    case .int32:
      if let wrong = TensorValues.float64(value.values).firstNotInteger {
        throw SessionError.wrongValues("\(node.name), made at \(node.location), takes integers, got \(wrong)")
      }
      try write(value.values.map { Int32(rounding: $0) }, to: node)
    }
  }

  /// Sets the gradient that comes from above into `output`.
  public func writeUpstream(_ value: ReferenceTensor, of output: Node) throws {
    switch value.elementType {
    case .float32: try writeUpstream(value.values.map { Float($0) }, of: output)
    case .float64, .int32: try writeUpstream(value.values, of: output)
    }
  }

  /// The value of an input, parameter or output, to compare with ``ReferenceEngine``'s.
  public func referenceValue(of node: Node) throws -> ReferenceTensor {
    try tensor(node, float32: { try read(node, as: Float.self) }, float64: { try read(node, as: Double.self) }) {
      try read(node, as: Int32.self)
    }
  }

  /// The gradient of `node`, to compare with ``ReferenceEngine``'s.
  public func referenceGradient(of node: Node) throws -> ReferenceTensor {
    try tensor(
      node, float32: { try gradient(of: node, as: Float.self) }, float64: { try gradient(of: node, as: Double.self) }
    ) { try gradient(of: node, as: Int32.self) }
  }

  private func tensor(
    _ node: Node, float32: () throws -> [Float], float64: () throws -> [Double], int32: () throws -> [Int32]
  ) throws -> ReferenceTensor {
    let values: [Double] =
      switch node.elementType {
      case .float32: try float32().map(Double.init)
      case .float64: try float64()
      case .int32: try int32().map(Double.init)
      }
    return ReferenceTensor(node.shape, node.elementType, values)
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
