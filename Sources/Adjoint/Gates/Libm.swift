private import LibC

/// The platform's double-precision functions, for definitions and for text: `exp` alone would name the gate's function.
///
/// Their last bits differ from system to system. A definition is what tests hold a kernel to, and makes no value.
enum Libm {
  static func exp(_ x: Double) -> Double { libmExp(x) }
  static func log(_ x: Double) -> Double { libmLog(x) }
  static func sin(_ x: Double) -> Double { libmSin(x) }
  static func cos(_ x: Double) -> Double { libmCos(x) }
  static func tanh(_ x: Double) -> Double { libmTanh(x) }
  static func pow(_ x: Double, _ y: Double) -> Double { libmPow(x, y) }
  static func erf(_ x: Double) -> Double { libmErf(x) }
  static func erfc(_ x: Double) -> Double { libmErfc(x) }
  static func expm1(_ x: Double) -> Double { libmExpm1(x) }
  static func log1p(_ x: Double) -> Double { libmLog1p(x) }
  static func tan(_ x: Double) -> Double { libmTan(x) }
  static func atan(_ x: Double) -> Double { libmAtan(x) }
  static func atan2(_ y: Double, _ x: Double) -> Double { libmAtan2(y, x) }
  static func asin(_ x: Double) -> Double { libmAsin(x) }
  static func acos(_ x: Double) -> Double { libmAcos(x) }
  static func sinh(_ x: Double) -> Double { libmSinh(x) }
  static func cosh(_ x: Double) -> Double { libmCosh(x) }
}

private let libmExp: @Sendable (Double) -> Double = { exp($0) }
private let libmLog: @Sendable (Double) -> Double = { log($0) }
private let libmSin: @Sendable (Double) -> Double = { sin($0) }
private let libmCos: @Sendable (Double) -> Double = { cos($0) }
private let libmTanh: @Sendable (Double) -> Double = { tanh($0) }
private let libmPow: @Sendable (Double, Double) -> Double = { pow($0, $1) }
private let libmErf: @Sendable (Double) -> Double = { erf($0) }
private let libmErfc: @Sendable (Double) -> Double = { erfc($0) }
private let libmExpm1: @Sendable (Double) -> Double = { expm1($0) }
private let libmLog1p: @Sendable (Double) -> Double = { log1p($0) }
private let libmTan: @Sendable (Double) -> Double = { tan($0) }
private let libmAtan: @Sendable (Double) -> Double = { atan($0) }
private let libmAtan2: @Sendable (Double, Double) -> Double = { atan2($0, $1) }
private let libmAsin: @Sendable (Double) -> Double = { asin($0) }
private let libmAcos: @Sendable (Double) -> Double = { acos($0) }
private let libmSinh: @Sendable (Double) -> Double = { sinh($0) }
private let libmCosh: @Sendable (Double) -> Double = { cosh($0) }
