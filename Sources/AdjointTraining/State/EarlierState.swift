internal import Adjoint

/// The memory of optimizers as earlier versions wrote it: means of squares, whose roots are kept now, under other
/// names.
enum EarlierState {
  private static let kinds = [
    "rootMoment2": "moment2", "rootCorrection2": "correction2", "rootMeanSquare": "meanSquare",
  ]

  /// The name under which an earlier version wrote the square of what a trainer now calls `name`:
  /// `optimizer/moment2/w` for `optimizer/rootMoment2/w`. A trainer made within a scope has the scope's name in front.
  static func nameOfSquare(of name: String) -> String? {
    var parts = name.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let place = parts.indices.dropFirst().first { parts[$0 - 1] == "optimizer" && kinds[parts[$0]] != nil }
    guard let place else { return nil }
    parts[place] = kinds[parts[place]]!
    return parts.joined(separator: "/")
  }

  /// Replaces mean squares by their roots. An infinite one, which a gradient without a square has left, becomes the
  /// largest that a mean square can be.
  static func takeRoots(of bytes: inout MutableRawSpan, _ type: StoredType) {
    func replace<T: BinaryFloatingPoint>(_: T.Type) {
      bytes.withUnsafeMutableBytes { bytes in
        let values = bytes.bindMemory(to: T.self)
        for index in values.indices where !values[index].isNaN {
          values[index] = min(values[index], .greatestFiniteMagnitude).squareRoot()
        }
      }
    }
    switch type {
    case .float32: replace(Float.self)
    case .float64: replace(Double.self)
    default: break
    }
  }
}
