internal import DependencyScheduling

/// One application of a gate on which the laws of gates are checked: finite differences against the pullback, the
/// kernel against the definition, shape of gradient against shape of variable.
public struct GateSample: Sendable, CustomStringConvertible {
  public let gate: any Gate
  public let operands: [Operand]

  public init(_ gate: any Gate, _ operands: Operand...) { self.init(gate, operands: operands) }

  public init(_ gate: any Gate, operands: [Operand]) {
    self.gate = gate
    self.operands = operands
  }

  public struct Operand: Sendable {
    package enum Source: Sendable {
      case uniform(ClosedRange<Double>)
      case distinct(step: Double)
      case values([Double])
      case integers(below: Int)
    }
    public let shape: Shape
    package let source: Source

    /// Seeded values, uniform in `range`.
    public static func uniform(_ shape: Shape, in range: ClosedRange<Double> = -2...2) -> Operand {
      Operand(shape: shape, source: .uniform(range))
    }
    /// A seeded permutation of multiples of `step` around 0: no two values are close to a tie.
    public static func distinct(_ shape: Shape, step: Double = 0.25) -> Operand {
      Operand(shape: shape, source: .distinct(step: step))
    }
    public static func values(_ shape: Shape, _ values: [Double]) -> Operand {
      Operand(shape: shape, source: .values(values))
    }
    /// Labels or row indices: seeded integers in `0..<bound`.
    public static func integers(_ shape: Shape, below bound: Int) -> Operand {
      Operand(shape: shape, source: .integers(below: bound))
    }

    /// Whether the operand takes part in differentiation.
    public var isDifferentiable: Bool {
      if case .integers = source { return false }
      return true
    }

    /// The values for one seed.
    package func values(seed: UInt64, type: ElementType) -> ReferenceTensor {
      var generator = SeededGenerator(seed: seed)
      let count = shape.elementCount
      switch source {
      case .values(let values): return ReferenceTensor(shape, type, values)
      case .uniform(let range):
        let width = range.upperBound - range.lowerBound
        return ReferenceTensor(shape, type, (0..<count).map { _ in range.lowerBound + width * generator.unit() })
      case .distinct(let step):
        let spread = (0..<count).map { (Double($0) - Double(count) / 2 + 0.3) * step }
        return ReferenceTensor(shape, type, spread.shuffled(using: &generator))
      case .integers(let bound):
        return ReferenceTensor(shape, .int32, (0..<count).map { _ in Double(generator.next() % UInt64(bound)) })
      }
    }
  }

  public var description: String { "\(type(of: gate).name) on \(operands.map(\.shape))" }
}

/// A gate of the package with the applications on which the laws of gates, and its bits, are checked.
package protocol SampledGate: Gate {
  static var samples: [GateSample] { get }
}
