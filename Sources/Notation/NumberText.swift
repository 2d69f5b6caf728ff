internal import LibC

/// Numbers as people read them, the same in every locale.
package enum NumberText {
  /// Six significant digits, and no fraction where there is none: `-12`, `0.731059`, `1e-07`, `nan`.
  package static func significant(_ number: Double, digits: Int = 6) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    let magnitude = Int((log(abs(number)) / log(10)).rounded(.down))
    let shift = pow(10, Double(abs(digits - 1 - magnitude)))
    let rounded = magnitude < digits ? (number * shift).rounded() / shift : (number / shift).rounded() * shift
    let text = rounded.isFinite ? "\(rounded)" : "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A number with `decimals` digits after the point: `-0.50`. Zero has no sign.
  ///
  /// - Parameter number: finite, and below 10¹⁸ when `decimals` more digits are put before its point.
  package static func fixed(_ number: Double, decimals: Int) -> String {
    let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    let whole = Int((number.magnitude * scale).rounded())
    return (number < 0 && whole > 0 ? "-" : "") + scaled(whole, decimals: decimals)
  }

  /// A number of `decimals` digits after the point at most, without zeros at its end.
  package static func rounded(_ number: Double, decimals: Int) -> String {
    var text = fixed(number, decimals: decimals)[...]
    guard decimals > 0 else { return String(text) }
    while text.last == "0" { text.removeLast() }
    return String(text.last == "." ? text.dropLast() : text)
  }

  /// `whole` in units of 10 to the power of -`decimals`: `scaled(1_234, decimals: 3)` is `1.234`.
  ///
  /// - Parameter whole: not negative.
  package static func scaled(_ whole: Int, decimals: Int) -> String {
    if decimals == 0 { return "\(whole)" }
    let digits = String(whole)
    let filled = String(repeating: "0", count: max(decimals + 1 - digits.count, 0)) + digits
    return filled.dropLast(decimals) + "." + filled.suffix(decimals)
  }

  /// `1,048,576`.
  package static func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// `1 unit`, `2,000 units`.
  package static func count(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// `987 ns`, `12.3 µs`, `4.5 ms`, `6.7 s`: cut off, not rounded.
  package static func time(nanoseconds: Int64) -> String {
    for (unit, size) in [("s", Int64(1_000_000_000)), ("ms", 1_000_000), ("µs", 1_000)] where nanoseconds >= size {
      return "\(scaled(Int(nanoseconds / (size / 10)), decimals: 1)) \(unit)"
    }
    return "\(nanoseconds) ns"
  }

  /// In base 16, with zeros before it up to `digits`.
  package static func hexadecimal(_ number: UInt64, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(digits - text.count, 0)) + text
  }
}
