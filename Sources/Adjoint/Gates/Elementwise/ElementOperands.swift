/// One element of each operand of an ``ElementwiseGate``, in the order in which the gate was applied to them.
///
/// ```swift
/// func value(_ x: ElementOperands) -> Double { x[0] / (1 + x[1].magnitude) }
/// ```
/// Up to three are values, so that a formula needs no memory. Valid until the formula returns.
@frozen
public struct ElementOperands: RandomAccessCollection {
  @usableFromInline let first: Double
  @usableFromInline let second: Double
  @usableFromInline let third: Double
  /// All of them, where there are more than three.
  @usableFromInline let all: UnsafeBufferPointer<Double>
  public let count: Int

  @inlinable
  init(_ first: Double, _ second: Double, _ third: Double, count: Int, all: UnsafeBufferPointer<Double>) {
    (self.first, self.second, self.third, self.count, self.all) = (first, second, third, count, all)
  }

  @inlinable
  init() { self.init(0, 0, 0, count: 0, all: UnsafeBufferPointer(start: nil, count: 0)) }

  @inlinable
  init(_ first: Double) { self.init(first, 0, 0, count: 1, all: UnsafeBufferPointer(start: nil, count: 0)) }

  @inlinable
  init(_ first: Double, _ second: Double) {
    self.init(first, second, 0, count: 2, all: UnsafeBufferPointer(start: nil, count: 0))
  }

  @inlinable
  init(_ first: Double, _ second: Double, _ third: Double) {
    self.init(first, second, third, count: 3, all: UnsafeBufferPointer(start: nil, count: 0))
  }

  /// More than three.
  @inlinable
  init(_ all: UnsafeBufferPointer<Double>) { self.init(all[0], all[1], all[2], count: all.count, all: all) }

  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { count }

  /// - Precondition: There is an operand at `position`.
  @inlinable public subscript(position: Int) -> Double {
    precondition(position >= 0 && position < count, "An elementwise gate reads an operand that it was not applied to")
    return switch position {
    case 0: first
    case 1: second
    case 2: third
    default: all[position]
    }
  }
}

/// A block of elements of all operands of an ``ElementwiseGate``, and where their results go; see
/// ``ElementwiseGate/values(_:)``. Valid until that returns.
@frozen
public struct ElementBlock {
  @usableFromInline let operands: UnsafeBufferPointer<UnsafePointer<Double>>
  /// Where the result of each element goes; may lie where an operand does, which is then read before.
  public let results: UnsafeMutableBufferPointer<Double>

  init(operands: UnsafeBufferPointer<UnsafePointer<Double>>, results: UnsafeMutableBufferPointer<Double>) {
    (self.operands, self.results) = (operands, results)
  }

  /// How many elements there are.
  @inlinable public var count: Int { results.count }
  /// How many operands the gate was applied to.
  @inlinable public var operandCount: Int { operands.count }

  /// The elements of one operand, of which a broadcast one has been repeated.
  ///
  /// - Parameter position: of the operand, counted from 0.
  @inlinable public func operand(_ position: Int) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: operands[position], count: count)
  }
}
