import Foundation

/// The package's sources, which tests read that hold something of each of their lines.
enum PackageSources {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let folder = root.appending(path: "Sources")

  /// - Parameter file: From the package's root.
  static func text(of file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }

  /// The number of the line that `range` begins in, from 0.
  static func line(of range: Range<String.Index>, in text: String) -> Int {
    text[..<range.lowerBound].count { $0 == "\n" }
  }
}
