internal import Adjoint

extension ExactFormulas {
  /// Gates that route, compare and select: at a tie the sides share the derivative evenly. NaN goes through a value;
  /// whether a router sends a gradient to a NaN, no convention says.
  static let piecewise: [String: ExactFormula] = [
    "relu": ExactFormula(arity: 1) { x in
      let x = x[0]
      if x.isNaN { return At(.nan, .free, .free) }
      return At(ExactNumber(x > 0 ? x : 0), ExactNumber(share(of: x, against: 0)), 0)
    },
    "abs": ExactFormula(arity: 1) { x in
      let x = x[0]
      return At(ExactNumber(x.magnitude), x.isNaN ? .nan : x.isZero ? 0 : x.isNegative ? -1 : 1, 0)
    },
    "sign": ExactFormula(arity: 1) { x in
      let x = x[0]
      return At(x.isNaN ? .nan : x.isZero ? 0 : x.isNegative ? -1 : 1, 0, 0)
    },
    "floor": step { $0.rounded(.down) },
    "ceil": step { $0.rounded(.up) },
    "round": step { $0.rounded(.toNearestOrEven) },
    "maximum": ExactFormula(arity: 2) { x in
      let (a, b) = (x[0], x[1])
      if a.isNaN || b.isNaN { return At(.nan, [.free, .free], flat(2)) }
      return At(
        ExactNumber(a > b ? a : b), [ExactNumber(share(of: a, against: b)), ExactNumber(share(of: b, against: a))],
        flat(2))
    },
    "minimum": ExactFormula(arity: 2) { x in
      let (a, b) = (x[0], x[1])
      if a.isNaN || b.isNaN { return At(.nan, [.free, .free], flat(2)) }
      return At(
        ExactNumber(a < b ? a : b), [ExactNumber(share(of: b, against: a)), ExactNumber(share(of: a, against: b))],
        flat(2))
    },
    "route": ExactFormula(arity: 3) { x in
      let (u, a, b) = (x[0], x[1], x[2])
      let share = share(of: a, against: b)
      // Selected, not multiplied: an infinite u gives 0 on the side that gets nothing.
      return At(ExactNumber(share.isZero ? 0 : share * u), [ExactNumber(share), 0, 0], flat(3))
    },
    "greater": ExactFormula(arity: 2) { x in At(x[0] > x[1] ? 1 : 0, [0, 0], flat(2)) },
    "equal": ExactFormula(arity: 2) { x in At(x[0] == x[1] ? 1 : 0, [0, 0], flat(2)) },
    "select": ExactFormula(arity: 3) { x in
      let takesFirst = !x[0].isZero  // NaN is not 0
      return At(ExactNumber(takesFirst ? x[1] : x[2]), [0, takesFirst ? 1 : 0, takesFirst ? 0 : 1], flat(3))
    },
  ]

  /// A function to whole numbers, which is flat wherever it has a slope.
  private static func step(_ rounded: @escaping @Sendable (Double) -> Double) -> ExactFormula {
    ExactFormula(arity: 1) { x in At(x[0].isNaN ? .nan : ExactNumber(Real(rounded(x[0].double))), 0, 0) }
  }

  /// What the first of two gets where the larger gets all: 1, ½ at a tie, or 0, also beside a NaN.
  private static func share(of a: Real, against b: Real) -> Real { a > b ? 1 : a == b ? 0.5 : 0 }

  /// Second derivatives of which nothing is asked.
  static func free(_ count: Int) -> [[ExactNumber]] {
    [[ExactNumber]](repeating: [ExactNumber](repeating: .free, count: count), count: count)
  }

  /// Second derivatives that are all 0.
  static func flat(_ count: Int) -> [[ExactNumber]] {
    [[ExactNumber]](repeating: [ExactNumber](repeating: 0, count: count), count: count)
  }
}
