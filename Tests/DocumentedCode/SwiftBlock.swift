/// A block that is fenced as Swift, in an article or in a documentation comment.
package struct SwiftBlock: Sendable {
  /// Where the block stands, from the root of the package: `Sources/Adjoint/Graph/Graph.swift:7`.
  package let place: String
  /// Its lines, without the spaces around them.
  package let lines: [String]

  init(place: String, lines: [String]) {
    self.place = place
    self.lines = lines
  }

  /// What empty lines part.
  package var paragraphs: [[String]] { lines.split(separator: "").map(Array.init) }

  /// The lines in which `…` or `...` stands for code that is left out. A range, `x[..., 0]` or `0...`, is code.
  package var gaps: [String] {
    lines.filter { line in
      guard let code = line.code else { return false }
      return code.contains("…") || code.contains(/(^|[{:;,(]|\bin)\s*\.\.\.\s*($|[};)])/)
    }
  }

  /// The blocks of a text, in which each line of them begins with `mark`: `///` in comments, nothing in articles.
  package static func blocks(of text: String, in file: String, after mark: String = "") -> [SwiftBlock] {
    var blocks: [SwiftBlock] = [], open: (number: Int, lines: [String])?
    for (index, line) in text.trimmedLines.enumerated() {
      let isMarked = line.hasPrefix(mark)
      let content = isMarked ? line.dropFirst(mark.count).trimmed : ""
      if let block = open, !isMarked || content == "```" {
        blocks.append(SwiftBlock(place: "\(file):\(block.number)", lines: block.lines))
        open = nil
      } else if open != nil {
        open!.lines.append(content)
      } else if isMarked, content == "```swift" {
        open = (index + 1, [])
      }
    }
    return blocks
  }
}

extension StringProtocol {
  var trimmed: String {
    guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[...last].drop(while: \.isWhitespace))
  }

  /// The lines, without the spaces around them.
  var trimmedLines: [String] { split(separator: "\n", omittingEmptySubsequences: false).map(\.trimmed) }
}

extension String {
  /// A line without the comment at its end; `nil` if it is nothing but a comment.
  var code: String? {
    guard let comment = firstRange(of: /(^|\s)\s*\/\//) else { return self }
    return comment.lowerBound == startIndex ? nil : self[..<comment.lowerBound].trimmed
  }
}
