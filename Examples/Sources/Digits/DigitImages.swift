import DependencyScheduling
import Foundation

/// Images of 8×8 pixels and the digits they show, as the network wants them: row-major, pixels from 0 to 1.
struct DigitImages {
  static let side = 8
  static let pixelCount = side * side
  var pixels: [Float] = []
  var labels: [Int32] = []
  var count: Int { labels.count }

  /// Reads lines of 64 pixels from 0 to 16 and a label from 0 to 9, separated by commas.
  ///
  /// - Throws: ``BadRow``, with the number of the first line that is anything else.
  init(csv text: String) throws(BadRow) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where !line.isEmpty
    {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == Self.pixelCount + 1 else {
        throw BadRow(
          line: index + 1, reason: "\(Self.pixelCount) pixels and a label expected, got \(fields.count) fields")
      }
      for (position, field) in fields.enumerated() {
        let isLabel = position == Self.pixelCount
        guard let number = Int(field), (0...(isLabel ? 9 : 16)).contains(number) else {
          let expected = isLabel ? "a label from 0 to 9" : "a pixel from 0 to 16"
          throw BadRow(line: index + 1, reason: "field \(position + 1) is not \(expected): '\(field)'")
        }
        if isLabel { labels.append(Int32(number)) } else { pixels.append(Float(number) / 16) }
      }
    }
  }

  private init() {}

  /// The images at `rows`, in that order.
  func selecting(_ rows: some Sequence<Int>) -> DigitImages {
    var result = DigitImages()
    for row in rows {
      result.pixels += pixels[row * Self.pixelCount..<(row + 1) * Self.pixelCount]
      result.labels.append(labels[row])
    }
    return result
  }

  /// Each image and its shifts by one pixel up, down, left, right and along the diagonals, what comes in from outside being
  /// blank: nine times as many, those of an image next to one another.
  func withShifts() -> DigitImages {
    var result = DigitImages()
    for (row, label) in labels.enumerated() {
      for down in -1...1 {
        for right in -1...1 {
          result.labels.append(label)
          for place in 0..<Self.pixelCount {
            let (y, x) = (place / Self.side - down, place % Self.side - right)
            let isInside = (0..<Self.side).contains(y) && (0..<Self.side).contains(x)
            result.pixels.append(isInside ? pixels[row * Self.pixelCount + y * Self.side + x] : 0)
          }
        }
      }
    }
    return result
  }

  /// The committed file: the same 1,437 images to train on and 360 to test with, every time.
  static func load() throws -> (training: DigitImages, test: DigitImages) {
    let file = Bundle.module.url(forResource: "digits", withExtension: "csv", subdirectory: "Resources")!
    let all = try DigitImages(csv: String(contentsOf: file, encoding: .utf8))
    var generator = SeededGenerator(seed: 1998)
    let order = generator.permutation(of: all.count)
    return (all.selecting(order[360...]), all.selecting(order[..<360]))
  }
}

/// A line of the data file that is no image.
struct BadRow: Error, CustomStringConvertible {
  let line: Int
  let reason: String
  var description: String { "line \(line): \(reason)" }
}
