import Adjoint
import DependencyScheduling

/// Numbers for operations to be tried on.
enum OperandKind: CaseIterable {
  /// Any bits: huge, tiny, subnormal, infinite and NaN.
  case anyBits
  /// Between -20 and 20.
  case ordinary
  /// Whole numbers and halves, which are often equal.
  case halves
  /// Around powers of two, as wide angles are.
  case wide

  /// More than a block of a chain has, and no multiple of a vector's lanes.
  static let count = 1_043

  func numbers(_ type: ElementType, count: Int = count, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      switch self {
      case .anyBits:
        let bits = generator.next()
        return type == .float32
          ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
      case .ordinary: return 40 * generator.unit() - 20
      case .halves: return ((12 * generator.unit()).rounded(.down) - 6) * 0.5
      case .wide:
        let exponent = Int(generator.next() % (type == .float32 ? 100 : 900)) + 20
        return (2 * generator.unit() - 1) * Double(sign: .plus, exponent: exponent, significand: 1)
      }
    }
  }

  func reference(_ shape: Shape, _ type: ElementType, seed: UInt64) -> ReferenceTensor {
    ReferenceTensor(shape, type, numbers(type, count: shape.elementCount, seed: seed).map { $0 / 16 })
  }
}
