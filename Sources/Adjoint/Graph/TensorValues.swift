/// The elements of a constant, row by row.
package enum TensorValues: Hashable, Sendable {
  case float32([Float])
  case float64([Double])
  case int32([Int32])
  /// One value repeated over the whole shape.
  case repeated(Double)

  /// `values` in the case of their type.
  package init<T: GraphScalar>(_ values: [T]) {
    // An array of the type itself is taken over as it is: a cast by `as?` would look at each element.
    switch T.elementType {
    case .float32:
      self = .float32(
        T.self == Float.self ? unsafeBitCast(values, to: [Float].self) : values.map { Float($0.asDouble) })
    case .float64:
      self = .float64(T.self == Double.self ? unsafeBitCast(values, to: [Double].self) : values.map(\.asDouble))
    case .int32:
      self = .int32(
        T.self == Int32.self ? unsafeBitCast(values, to: [Int32].self) : values.map { Int32(rounding: $0.asDouble) })
    }
  }

  /// The number of elements, unless one value is repeated.
  package var elementCount: Int? {
    switch self {
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .int32(let values): values.count
    case .repeated: nil
    }
  }

  /// The value that several elements are, all of them, bit for bit; `nil` for NaNs, whose bits a double need not keep.
  ///
  /// - Complexity: O(elements up to the first that differs).
  var onlyValue: Double? {
    switch self {
    case .float32(let values):
      guard values.count > 1, let first = values.first, !first.isNaN else { return nil }
      return values.allSatisfy { $0.bitPattern == first.bitPattern } ? Double(first) : nil
    case .float64(let values):
      guard values.count > 1, let first = values.first, !first.isNaN else { return nil }
      return values.allSatisfy { $0.bitPattern == first.bitPattern } ? first : nil
    case .int32(let values):
      guard values.count > 1, let first = values.first else { return nil }
      return values.allSatisfy { $0 == first } ? Double(first) : nil
    case .repeated: return nil
    }
  }

  /// The first element that int32 does not have.
  package var firstNotInteger: Double? {
    func isNone(_ value: Double) -> Bool { Int32(exactly: value) == nil }
    switch self {
    case .float32(let values): return values.first { isNone(Double($0)) }.map(Double.init)
    case .float64(let values): return values.first(where: isNone)
    case .int32: return nil
    case .repeated(let value): return isNone(value) ? value : nil
    }
  }

  /// The elements as doubles, `count` of them where one value is repeated.
  package func doubles(count: Int) -> [Double] {
    switch self {
    case .float32(let values): values.map(Double.init)
    case .float64(let values): values
    case .int32(let values): values.map(Double.init)
    case .repeated(let value): [Double](repeating: value, count: count)
    }
  }

  /// Writes the elements, as `type`, into `count` elements of raw memory.
  package func write(to target: UnsafeMutableRawPointer, count: Int, as type: ElementType) {
    func fill<T: GraphScalar>(_: T.Type) {
      let target = target.bindMemory(to: T.self, capacity: count)
      switch self {
      case .float32(let values) where T.self == Float.self:
        values.withUnsafeBytes {
          UnsafeMutableRawPointer(target).copyMemory(from: $0.baseAddress!, byteCount: 4 * count)
        }
      case .float32(let values): for i in 0..<count { target[i] = T(rounding: Double(values[i])) }
      case .float64(let values): for i in 0..<count { target[i] = T(rounding: values[i]) }
      case .int32(let values): for i in 0..<count { target[i] = T(rounding: Double(values[i])) }
      case .repeated(let value): target.update(repeating: T(rounding: value), count: count)
      }
    }
    switch type {
    case .float32: fill(Float.self)
    case .float64: fill(Double.self)
    case .int32: fill(Int32.self)
    }
  }
}

extension TensorValues {
  /// `values`, each as an element of `type`.
  init(_ values: [Double], as type: ElementType) {
    switch type {
    case .float32: self = .float32(values.map { Float($0) })
    case .float64: self = .float64(values)
    case .int32: self = .int32(values.map { Int32(rounding: $0) })
    }
  }
}

extension [Double] {
  /// The first that is no number of int32's range.
  var firstBeyondInt32: Double? { first { Int32(exactly: $0.rounded(.towardZero)) == nil } }
}
