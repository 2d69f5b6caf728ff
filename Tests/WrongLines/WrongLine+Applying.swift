import Foundation

extension WrongLine {
  /// The list no longer fits the sources.
  package struct Mismatch: Error, CustomStringConvertible {
    package let description: String
  }

  /// Where the replaced text is in the file's `source`.
  package func range(in source: String) throws(Mismatch) -> Range<String.Index> {
    guard let place else { return try onlyRange(of: text, in: source, "the text") }
    let start = try onlyRange(of: place, in: source, "the place").upperBound
    guard let range = source.ranges(ofBytes: text).first(where: { $0.lowerBound >= start }) else {
      throw Mismatch(description: "\(self): the text does not occur after its place: \(text)")
    }
    return range
  }

  private func onlyRange(of text: String, in source: String, _ role: String) throws(Mismatch) -> Range<String.Index> {
    let ranges = source.ranges(ofBytes: text)
    guard ranges.count == 1 else {
      throw Mismatch(description: "\(self): \(role) occurs \(ranges.count) times, not once: \(text)")
    }
    return ranges[0]
  }

  /// The file's `source` with the wrong line.
  package func apply(to source: String) throws(Mismatch) -> String {
    guard text != replacement else { throw Mismatch(description: "\(self): the wrong line is the right one") }
    let range = try range(in: source)
    return source[..<range.lowerBound] + replacement + source[range.upperBound...]
  }
}

extension String {
  /// Where `text` occurs, byte for byte: a thousand times as fast in a debug build as a comparison of characters.
  fileprivate func ranges(ofBytes text: String) -> [Range<Index>] {
    let (bytes, wanted) = (Data(utf8), Data(text.utf8))
    var ranges: [Range<Index>] = []
    var start = 0
    while !wanted.isEmpty, let range = bytes.range(of: wanted, in: start..<bytes.count) {
      let lower = utf8.index(startIndex, offsetBy: range.lowerBound)
      ranges.append(lower..<utf8.index(lower, offsetBy: range.count))
      start = range.lowerBound + 1
    }
    return ranges
  }
}
