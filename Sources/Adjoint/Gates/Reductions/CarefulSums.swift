/// Sums for definitions, which are right where plain ones in double precision are not.
extension Sequence<Double> {
  /// The sum, with what its roundings took from it.
  var carefulSum: Double {
    var (sum, lost) = (0.0, 0.0)
    for value in self {
      let next = sum + value, taken = next - sum
      lost += (sum - (next - taken)) + (value - taken)
      sum = next
    }
    return sum.isFinite && lost.isFinite ? sum + lost : sum
  }

  /// The mean, also where the sum overflows.
  var carefulMean: Double {
    let values = Array(self)
    let mean = values.reduce(-0.0, +) / Double(values.count)  // a mean of -0 alone is -0
    if mean.isFinite || !values.allSatisfy(\.isFinite) { return mean }
    let small = values.reduce(0) { $0 + $1 * 0x1p-40 } / Double(values.count) * 0x1p40
    return small.isFinite ? small : small.sign == .minus ? -.greatestFiniteMagnitude : .greatestFiniteMagnitude
  }
}
