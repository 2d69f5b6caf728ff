internal import Kernels

/// Writes gates one by one, and finds which operands are the results of the last two, which the machine has at hand.
///
/// In a long chain each gate waits for the one before it, and a result that goes through the slab arrives later than the
/// next gate could begin: what counts there is which operands do not.
struct Singles {
  /// How many singles follow one another, without a run between them.
  private var count = 0
  /// Where the head stands that the next gate may join, if it reads the gate before it in the same way.
  private var series = Self.noSeries
  private static let noSeries = -1

  /// Notes that a run follows, after which nothing is at hand.
  mutating func end() { self = Singles() }

  /// Writes a gate whose result goes to `slot`, of operands in slots `a`, `b` and `c`.
  mutating func write(
    _ gate: ScalarGate, at slot: UInt32, _ a: UInt32, _ b: UInt32, _ c: UInt32, to code: inout Column<UInt32>
  ) {
    // Results lie next to one another.
    let last = count > 0 ? slot - 1 : UInt32.max
    let before = count > 1 ? slot - 2 : UInt32.max
    count += 1
    if gate.arity == 1 {
      series = Self.noSeries
      let form: ScalarCode.Form = a == last ? .firstIsLast : a == before ? .firstIsBefore : .single
      code.append(ScalarCode.head(gate.code, form))
      if form == .single { code.append(a) }
    } else if gate.arity == 2 {
      var (a, b) = (a, b)
      if gate.operation.isCommutative, a != last, b == last || b == before && a != before { swap(&a, &b) }
      writeBinary(gate.code, a, b, last, before, &code)
    } else {
      series = Self.noSeries
      code.append(ScalarCode.head(gate.code, .single))
      code.append(a)
      code.append(b)
      code.append(c)
    }
  }

  private mutating func writeBinary(
    _ operation: UInt8, _ a: UInt32, _ b: UInt32, _ last: UInt32, _ before: UInt32, _ code: inout Column<UInt32>
  ) {
    let form: ScalarCode.Form =
      if a == last { b == before ? .lastAndBefore : .firstIsLast } else if b == last {
        a == before ? .beforeAndLast : .secondIsLast
      } else { a == before ? .firstIsBefore : .single }
    if form == .firstIsLast, series != Self.noSeries, ScalarCode.operation(of: code[series]) == operation,
      ScalarCode.count(of: code[series]) < ScalarCode.longestRun
    {
      code[series] = ScalarCode.head(operation, .series, count: ScalarCode.count(of: code[series]) + 1)
    } else {
      series = form == .firstIsLast ? code.count : Self.noSeries
      code.append(ScalarCode.head(operation, form))
    }
    switch form {
    case .single:
      code.append(a)
      code.append(b)
    case .secondIsLast: code.append(a)
    case .firstIsLast, .firstIsBefore: code.append(b)
    default: break
    }
  }
}
