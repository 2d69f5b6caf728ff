import LibC

// Functions that the math library lacks, in double precision and right to its last few bits: where an exponent is a
// rounded product, a correction for what rounding took off follows.

/// 1 / (1 + e^-x).
func sigmoid(_ x: Double) -> Double {
  let power = exp(-abs(x))
  return (x < 0 ? power : 1) / (1 + power)
}

/// e^-|x| / (1 + e^-|x|)².
func sigmoidSlope(_ x: Double) -> Double {
  let power = exp(-abs(x))
  return power / ((1 + power) * (1 + power))
}

/// e^(-x² / 2).
func bell(_ x: Double) -> Double {
  let t = min(abs(x), 40)
  if x.isNaN { return x }
  let square = Product(t, t)
  let power = exp(-square.high / 2)
  return power - power * square.low / 2
}

/// erfc(-x / √2) / 2, by erfc(t + δ) = erfc(t) - 2 / √π · e^(-t²) · δ.
func normalDistribution(_ x: Double) -> Double {
  if x.isNaN { return x }
  let bounded = max(min(x, 40), -40)
  let argument = Product(-bounded, 0.7071067811865476)
  let low = argument.low + bounded * 4.833646656726457e-17
  let slope = exp(-argument.high * argument.high) * (2 / Double.pi.squareRoot())
  return (erfc(argument.high) - slope * low) / 2
}

/// 1 / (1 + e^-y) for y = 2 √(2 / π) (x + 0.044715 x³).
func tanhNormalDistribution(_ x: Double) -> Double {
  if x.isNaN { return x }
  let bounded = max(min(x, 25), -25)
  let square = Product(bounded, bounded)
  let cubic = Product(0.044715, square.high)
  let sum = 1 + cubic.high
  let back = sum - cubic.high
  var low = (cubic.high - (sum - back)) + (1 - back)
  low += cubic.low + 0.044715 * square.low + 2.1960211427085595e-18 * square.high
  let factor = Product(1.5957691216057308, bounded)
  let y = Product(factor.high, sum)
  let rest = y.low + factor.high * low + (factor.low - 9.96930880911092e-17 * bounded) * sum
  let power = exp(-abs(y.high)) * (1 - (y.high < 0 ? -rest : rest))
  return (x < 0 ? power : 1) / (1 + power)
}

/// x to the power of y - k, whose sign is that of y and k even where their difference is rounded.
func shiftedPower(_ x: Double, _ y: Double, _ k: Double) -> Double {
  guard x.sign == .minus, !x.isNaN, y.isFinite else { return pow(x, y - k) }
  let magnitude = pow(-x, y - k)
  if y != y.rounded() { return x == 0 || x.isInfinite ? magnitude : .nan }
  let isOdd = (y.remainder(dividingBy: 2) != 0) != (k.remainder(dividingBy: 2) != 0)
  return isOdd ? -magnitude : magnitude
}

/// The exact product of two numbers, as a sum.
private struct Product {
  let high, low: Double
  init(_ a: Double, _ b: Double) {
    high = a * b
    low = (-high).addingProduct(a, b)
  }
}
