import Foundation

extension Double {
  /// With so many decimals: `2.5.fixed(2)` is 2.50.
  public func fixed(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}

extension Collection where Element: Comparable {
  /// How many elements come before the greatest, the first of them if several are; 0 of none.
  public var placeOfGreatest: Int {
    var best = startIndex
    for index in indices where self[index] > self[best] { best = index }
    return distance(from: startIndex, to: best)
  }
}
