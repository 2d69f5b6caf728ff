internal import Foundation
internal import Kernels

/// The elements of a constant, row by row.
package enum TensorValues: Sendable {
  /// One an element, in the type in which they were given.
  case elements(any TensorElements)
  /// One value repeated over the whole shape.
  case repeated(Double)

  /// `values` as they are: an array is not copied.
  package init<T: GraphScalar>(_ values: [T]) { self = .elements(values) }

  /// `values`, each as an element of `type`.
  package init(_ values: [Double], as type: ElementType) {
    self = type == .float64 ? .elements(values) : .elements(RawElements(type, values))
  }

  /// The `count` elements of `type` that lie at `memory`.
  package init(copying memory: UnsafeRawPointer, count: Int, as type: ElementType) {
    self = .elements(RawElements(type, memory, [0..<count]))
  }

  /// The number of elements, unless one value is repeated.
  package var elementCount: Int? {
    switch self {
    case .elements(let elements): elements.count
    case .repeated: nil
    }
  }

  /// The value that several elements are, all of them, bit for bit; `nil` for NaNs, whose bits a double need not keep,
  /// and for an integer that a double has not.
  ///
  /// - Complexity: O(elements up to the first that differs).
  package var onlyValue: Double? {
    guard case .elements(let elements) = self, elements.count > 1 else { return nil }
    return elements.withBytes { elements.elementType.onlyValue(in: $0, count: elements.count) }
  }

  /// The value that the one element is, as ``onlyValue`` is one.
  package var singleValue: Double? {
    guard case .elements(let elements) = self, elements.count == 1 else { return nil }
    return elements.withBytes { elements.elementType.onlyValue(in: $0, count: 1) }
  }

  /// The number that all elements are equal to, of floating-point numbers.
  package var commonNumber: Double? {
    switch self {
    case .repeated(let value): return value
    case .elements(let elements):
      let type = elements.elementType
      guard type.isDifferentiable, elements.count > 0 else { return nil }
      return elements.withBytes { base in
        let first = type.double(at: base)
        let areEqual = (0..<elements.count).allSatisfy { type.double(at: base + $0 * type.byteCount) == first }
        return areEqual ? first : nil
      }
    }
  }

  /// The first element that `type` has not, where it does not round.
  package func first(lackedBy type: ElementType) -> Double? {
    switch self {
    case .elements(let elements):
      elements.elementType == type ? nil : doubles(count: elements.count).first(where: type.lacks)
    case .repeated(let value): type.lacks(value) ? value : nil
    }
  }

  /// The first element that is NaN or infinite as one of `type`, a floating-point one, and its position.
  ///
  /// - Complexity: O(elements).
  func first(notFiniteIn type: ElementType) -> (element: Int, value: Double)? {
    switch self {
    case .repeated(let value): return type.holdsFinite(value) ? nil : (0, value)
    case .elements(let elements):
      let own = elements.elementType
      return elements.withBytes { bytes in
        for start in stride(from: 0, to: elements.count, by: Self.block) {
          let values = own.doubles(at: bytes + start * own.byteCount, count: min(Self.block, elements.count - start))
          if let place = values.firstIndex(where: { !type.holdsFinite($0) }) { return (start + place, values[place]) }
        }
        return nil
      }
    }
  }

  /// How many elements are looked at together.
  private static var block: Int { 4_096 }  // Decisions/Memory.md

  /// Whether a double has each element.
  package var areDoubles: Bool {
    switch self {
    case .elements(let elements):
      elements.elementType.precision <= ElementType.float64.precision
        || elements.withBytes { bytes in
          (0..<elements.count).allSatisfy { elements.elementType.onlyValue(in: bytes, from: $0, count: 1) != nil }
        }
    case .repeated: true
    }
  }

  /// The elements as doubles, to which they are rounded, `count` of them where one value is repeated.
  package func doubles(count: Int) -> [Double] {
    switch self {
    case .elements(let elements):
      elements.withBytes { elements.elementType.doubles(at: $0, count: elements.count) }
    case .repeated(let value): [Double](repeating: value, count: count)
    }
  }

  /// Writes the elements, as `type`, into `count` elements of raw memory.
  package func write(to target: UnsafeMutableRawPointer, count: Int, as type: ElementType) {
    switch self {
    case .elements(let elements):
      elements.withBytes {
        runCast(elements.elementType.kernelType, to: type.kernelType, input: $0, output: target, range: 0..<count)
      }
    case .repeated(let value): runFill(type.kernelType, value: value, target: target, range: 0..<count)
    }
  }

  /// The elements in the ranges `rows`, one after the other and in their type; what is repeated stays repeated.
  ///
  /// - Complexity: O(elements taken).
  package func taking(_ rows: [Range<Int>]) -> TensorValues {
    guard case .elements(let elements) = self else { return self }
    return .elements(elements.withBytes { RawElements(elements.elementType, $0, rows) })
  }
}

extension TensorValues: Hashable {
  /// Equal elements of one type, by their bits.
  package static func == (left: TensorValues, right: TensorValues) -> Bool {
    switch (left, right) {
    case (.repeated(let left), .repeated(let right)): left == right
    case (.elements(let left), .elements(let right)):
      left.elementType == right.elementType && left.count == right.count
        && left.withBytes { a in right.withBytes { b in memcmp(a, b, left.count * left.elementType.byteCount) == 0 } }
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .repeated(let value): hasher.combine(value)
    case .elements(let elements):
      elements.withBytes {
        hasher.combine(
          bytes: UnsafeRawBufferPointer(start: $0, count: elements.count * elements.elementType.byteCount))
      }
    }
  }
}

/// Elements next to one another, of some type.
package protocol TensorElements: Sendable {
  var elementType: ElementType { get }
  var count: Int { get }
  func withBytes<R>(_ body: (UnsafeRawPointer) -> R) -> R
}

extension Array: TensorElements where Element: GraphScalar {
  package var elementType: ElementType { Element.elementType }
  package func withBytes<R>(_ body: (UnsafeRawPointer) -> R) -> R {
    withUnsafeBytes { bytes in
      // An empty array may have no memory.
      Swift.withUnsafeBytes(of: 0) { body(bytes.baseAddress ?? $0.baseAddress!) }
    }
  }
}

/// Elements by their bytes.
private struct RawElements: TensorElements {
  let elementType: ElementType
  let count: Int
  private let words: [UInt64]

  func withBytes<R>(_ body: (UnsafeRawPointer) -> R) -> R { words.withBytes(body) }

  private init(_ type: ElementType, count: Int, _ fill: (UnsafeMutableRawPointer) -> Void) {
    (elementType, self.count) = (type, count)
    let wordCount = max((count * type.byteCount + 7) / 8, 1)
    words = [UInt64](unsafeUninitializedCapacity: wordCount) { words, initialized in
      words.initialize(repeating: 0)
      fill(UnsafeMutableRawPointer(words.baseAddress!))
      initialized = wordCount
    }
  }

  init(_ type: ElementType, _ values: [Double]) {
    self.init(type, count: values.count) { target in values.withUnsafeBufferPointer { type.write($0, to: target) } }
  }

  /// The ranges `rows` of the elements at `source`.
  init(_ type: ElementType, _ source: UnsafeRawPointer, _ rows: [Range<Int>]) {
    let size = type.byteCount
    self.init(type, count: rows.reduce(0) { $0 + $1.count }) { target in
      var end = target
      for row in rows {
        end.copyMemory(from: source + row.lowerBound * size, byteCount: row.count * size)
        end += row.count * size
      }
    }
  }
}

extension [UInt64] {
  fileprivate func withBytes<R>(_ body: (UnsafeRawPointer) -> R) -> R { withUnsafeBytes { body($0.baseAddress!) } }
}

extension ElementType {
  /// The value that `count` elements from element `first` at `base` are, all of them, bit for bit, if a double has it
  /// and it is no NaN.
  fileprivate func onlyValue(in base: UnsafeRawPointer, from first: Int = 0, count: Int) -> Double? {
    let size = byteCount, base = base + first * size
    // Each is the one before it.
    guard memcmp(base, base + size, (count - 1) * size) == 0 else { return nil }
    let value = doubles(at: base, count: 1)[0]
    if value.isNaN || lacks(value) { return nil }
    return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { back in
      withUnsafePointer(to: value) { write(UnsafeBufferPointer(start: $0, count: 1), to: back.baseAddress!) }
      return memcmp(back.baseAddress!, base, size) == 0 ? value : nil
    }
  }
}
