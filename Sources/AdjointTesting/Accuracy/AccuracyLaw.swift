package import Adjoint

/// Value, first and second derivatives over the whole range of both float types, against exact formulas, on every road
/// that a derivative can take.
///
/// A result is right within the gate's ``/Adjoint/AccuracyBound``: 8 ulp of the larger of the result and its largest
/// term, and 4 smallest subnormal numbers, unless the gate's file states another, with the reason.
package struct AccuracyLaw {
  package let density: AccuracyDensity

  package init(density: AccuracyDensity = .test) { self.density = density }

  /// Powers of two that upstream gradients are: 1, a small one that an infinite slope would make infinite, and a large
  /// one.
  ///
  /// A composed function multiplies the upstream gradient by its operands, gate by gate, so a large one may overflow
  /// there.
  private static func upstreams(_ subject: AccuracySubject) -> [(first: Int, second: Int)] {
    [(0, 0), (-8, 0)] + (subject.isComposed ? [] : [(8, -8)])
  }

  /// The worst error of each quantity of `subject` on each road that is outside of its bound, in words.
  package func violations(of subject: AccuracySubject) throws -> [String] {
    try ElementType.ofArithmetic.flatMap { type in
      let sweep = AccuracySweep(subject, type, density)
      return try AccuracyRoad.all.flatMap { try violations(of: sweep, on: $0) }
    }
  }

  private func violations(of sweep: AccuracySweep, on road: AccuracyRoad) throws -> [String] {
    let trip = try AccuracyTrip(sweep.subject, sweep.type, road, sweep.columns)
    var worst: [AccuracyQuantity: AccuracyError] = [:]
    for upstream in Self.upstreams(sweep.subject) {
      for (quantity, values) in try trip.run(
        upstream: Double(sign: .plus, exponent: upstream.first, significand: 1),
        second: Double(sign: .plus, exponent: upstream.second, significand: 1))
      {
        let first = quantity.order > 0 ? upstream.first : 0
        let scales = (first, quantity.order > 1 ? upstream.second : 0)
        for error in sweep.errors(values, trip.rows, quantity, scales)
        where error.ulps > worst[quantity]?.ulps ?? -1 { worst[quantity] = error }
      }
    }
    return worst.values.sorted { "\($0.quantity)" < "\($1.quantity)" }.map { "\(sweep.type), \(road.name): \($0)" }
  }

  /// The largest error of each order of derivative of `subject` in `type`, whether within its bound or not, with an
  /// upstream gradient of 1.
  package func worstErrors(of subject: AccuracySubject, _ type: ElementType) throws -> [AccuracyError?] {
    let sweep = AccuracySweep(subject, type, density)
    var worst = [AccuracyError?](repeating: nil, count: 3)
    for road in AccuracyRoad.all {
      let trip = try AccuracyTrip(subject, type, road, sweep.columns)
      for (quantity, values) in try trip.run(upstream: 1, second: 1) {
        let found = sweep.worstError(values, trip.rows, quantity, road)
        if found.ulps > worst[quantity.order]?.ulps ?? -1 { worst[quantity.order] = found }
      }
    }
    return worst
  }
}

/// A computed number and the exact one.
package struct AccuracyError: CustomStringConvertible {
  package let quantity: AccuracyQuantity
  package let operands: [Double]
  package let computed: Double
  package let exact: Double
  /// In units in the last place; infinite for a NaN or an infinity in the wrong place.
  package let ulps: Double
  package var road = ""
  /// The upstream gradients that the number was multiplied by.
  fileprivate var upstream = ""

  package var description: String {
    let distance = ulps.isInfinite ? "" : ", \(rounded(ulps)) ulp apart"
    return "\(quantity) at (\(operands.map { "\($0)" }.joined(separator: ", ")))\(upstream) is \(computed), "
      + "exactly \(exact)\(distance)"
  }
}

/// An error in ulps, short.
func rounded(_ ulps: Double) -> String {
  ulps < 1000 ? "\((ulps * 100).rounded() / 100)" : ulps < 1e15 ? "\(Int(ulps))" : "\(ulps)"
}

/// The points of one function in one type, with the exact numbers there.
private final class AccuracySweep {
  let subject: AccuracySubject
  let type: ElementType
  let columns: [[Double]]
  private let exact: [ExactDerivatives]
  private let judge: AccuracyJudge
  /// What is right with an upstream gradient of 1.
  private var allowed: [AccuracyQuantity: [AccuracyJudge.Allowed]] = [:]

  init(_ subject: AccuracySubject, _ type: ElementType, _ density: AccuracyDensity) {
    (self.subject, self.type) = (subject, type)
    let columns = AccuracyPoints(type: type, density: density).columns(for: subject.formula)
    self.columns = columns
    judge = AccuracyJudge(type: type)
    exact = columns[0].indices.map { row in subject.formula(columns.map { $0[row] }) }
  }

  /// The errors outside of the bound among `values`, one for each of `rows`.
  func errors(
    _ values: [Double], _ rows: [Int], _ quantity: AccuracyQuantity, _ scales: (first: Int, second: Int)
  ) -> [AccuracyError] {
    let allowed = allowed(quantity)
    let inverse = Double(sign: .plus, exponent: -(scales.first + scales.second), significand: 1)
    var errors: [AccuracyError] = []
    for (place, row) in rows.enumerated() {
      // Most numbers are right, and then so they are without the upstream gradient, which is a power of two.
      let (value, alone) = (values[place], values[place] * inverse)
      if alone.isFinite || scales == (0, 0), allowed[row].contains(alone) { continue }
      if !self.allowed(row, quantity, scales).contains(value) { errors.append(error(value, row, quantity, scales)) }
    }
    return errors
  }

  func worstError(
    _ values: [Double], _ rows: [Int], _ quantity: AccuracyQuantity, _ road: AccuracyRoad
  ) -> AccuracyError {
    var worst = (place: 0, ulps: -1.0)
    for (place, row) in rows.enumerated() {
      let ulps = judge.ulps(of: values[place], from: exact[row][quantity])
      if ulps > worst.ulps { worst = (place, ulps) }
    }
    var error = error(values[worst.place], rows[worst.place], quantity, (0, 0))
    error.road = road.name
    return error
  }

  private func error(
    _ value: Double, _ row: Int, _ quantity: AccuracyQuantity, _ scales: (first: Int, second: Int)
  ) -> AccuracyError {
    let number = exact[row][quantity]
    let scale = scales.first + scales.second
    return AccuracyError(
      quantity: quantity, operands: columns.map { $0[row] }, computed: value,
      exact: number.value.scaled(by: scale).double, ulps: judge.ulps(of: value, from: number, scale: scale),
      upstream: scales == (0, 0) ? "" : " times 2^\(scales.first) · 2^\(scales.second)")
  }

  private func allowed(_ quantity: AccuracyQuantity) -> [AccuracyJudge.Allowed] {
    if let known = allowed[quantity] { return known }
    let result = exact.enumerated().map { row, exact in
      judge.allowed(exact[quantity], subject.bound(columns.map { $0[row] }, quantity.order))
    }
    allowed[quantity] = result
    return result
  }

  private func allowed(
    _ row: Int, _ quantity: AccuracyQuantity, _ scales: (first: Int, second: Int)
  ) -> AccuracyJudge.Allowed {
    let (exact, scale) = (exact[row], scales.first + scales.second)
    let largest = max(scale, scales.first, scales.second)
    let bound = subject.bound(columns.map { $0[row] }, quantity.order)
    // Second derivatives come by way of the first ones, and of sums of two terms.
    let onTheWay = quantity.order == 0 ? [] : [exact[quantity]] + (quantity.order == 2 ? exact.first : [])
    let terms = quantity.order == 2 ? 1 : 0
    return judge.allowed(
      exact[quantity], bound, scale: scale, largestScale: largest,
      overflowsOnTheWay: bound.overflowsOnTheWay
        && (onTheWay.contains { judge.overflows($0, scale: terms) } || judge.overflows(exact.value, scale: largest)))
  }
}
