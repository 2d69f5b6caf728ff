/// What a machine did with one sequence.
struct Recording {
  /// A row of bits a vector: what was heard, and how sure the machine was of a 1 in what it said, from 0 to 1.
  let targets: [[Double]], copies: [[Double]]
  /// A weighting of all rows of memory a frame.
  let writing: [[Double]], reading: [[Double]]
}

extension Recording {
  /// An SVG picture of four strips over the same time, which runs to the right: what is heard, what is said, and where
  /// each head is, a row of memory a line. The darker, the nearer to 1.
  ///
  /// A machine that has learnt to copy draws the same slope twice: written while it hears, read while it says.
  var picture: String {
    let silence = [[Double]](repeating: [], count: targets.count + 1)
    let strips = [
      Strip(title: "heard: \(targets.count) vectors", columns: targets + silence, cellHeight: 8),
      Strip(title: "said", columns: silence + copies, cellHeight: 8),
      Strip(title: "written to, of \(writing[0].count) rows", columns: writing, cellHeight: 3),
      Strip(title: "read from, of \(reading[0].count) rows", columns: reading, cellHeight: 3),
    ]
    let margin = 16, titleHeight = 24
    let width = 2 * margin + max(320, strips[0].width)
    var body = "", top = 0
    for strip in strips {
      top += titleHeight
      body += "<text x=\"\(margin)\" y=\"\(top - 7)\">\(strip.title)</text>\n"
      body += "<g transform=\"translate(\(margin) \(top))\">\n\(strip.cells)</g>\n"
      top += strip.height
    }
    let height = top + margin
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
      font-family="sans-serif" font-size="13" fill="#222">
      <rect width="\(width)" height="\(height)" fill="#fff"/>
      \(body)</svg>

      """
  }
}

/// One strip of the picture: a column a frame, of values from 0 to 1.
private struct Strip {
  let title: String
  let columns: [[Double]]
  let cellHeight: Int
  static let cellWidth = 8

  var width: Int { columns.count * Self.cellWidth }
  var height: Int { (columns.map(\.count).max() ?? 0) * cellHeight }

  /// A frame, and a rectangle for each value that is seen; most of a weighting is not.
  var cells: String {
    var text = "<rect width=\"\(width)\" height=\"\(height)\" fill=\"#f4f6f9\"/>\n"
    for (column, values) in columns.enumerated() {
      for (row, value) in values.enumerated() where value >= 0.01 {
        let opacity = Double(Int((min(value, 1) * 100).rounded())) / 100
        text += "<rect x=\"\(column * Self.cellWidth)\" y=\"\(row * cellHeight)\" width=\"\(Self.cellWidth)\" "
        text += "height=\"\(cellHeight)\" fill=\"#0b3a75\" fill-opacity=\"\(opacity)\"/>\n"
      }
    }
    return text
  }
}
