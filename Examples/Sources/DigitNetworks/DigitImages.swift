import DependencyScheduling
import Foundation

/// Images of 8×8 pixels and the digits they show, as the network wants them: row-major, pixels from 0 to 1.
public struct DigitImages: Sendable {
  public static let side = 8
  public static let pixelCount = side * side
  /// What the greatest pixel of a file is: pixels are whole numbers from 0 to this.
  public static let greatestPixel = 16
  public private(set) var pixels: [Float] = []
  public private(set) var labels: [Int32] = []
  public var count: Int { labels.count }

  /// Reads lines of 64 pixels from 0 to 16 and a label from 0 to 9, separated by commas.
  ///
  /// - Throws: ``BadRow``, with the number of the first line that is anything else.
  public init(csv text: String) throws(BadRow) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where !line.isEmpty
    {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == Self.pixelCount + 1 else {
        throw BadRow(
          line: index + 1, reason: "\(Self.pixelCount) pixels and a label expected, got \(fields.count) fields")
      }
      for (position, field) in fields.enumerated() {
        let isLabel = position == Self.pixelCount
        guard let number = Int(field), (0...(isLabel ? 9 : Self.greatestPixel)).contains(number) else {
          let expected = isLabel ? "a label from 0 to 9" : "a pixel from 0 to \(Self.greatestPixel)"
          throw BadRow(line: index + 1, reason: "field \(position + 1) is not \(expected): '\(field)'")
        }
        if isLabel { labels.append(Int32(number)) } else { pixels.append(Float(number) / Float(Self.greatestPixel)) }
      }
    }
  }

  private init() {}

  /// The images at `rows`, in that order.
  public func selecting(_ rows: some Sequence<Int>) -> DigitImages {
    var result = DigitImages()
    for row in rows {
      result.pixels += pixels(of: row)
      result.labels.append(labels[row])
    }
    return result
  }

  /// Each image and its shifts by one pixel up, down, left, right and along the diagonals, what comes in from outside
  /// being blank: nine times as many, those of an image next to one another.
  public func withShifts() -> DigitImages {
    var result = DigitImages()
    for (row, label) in labels.enumerated() {
      for down in -1...1 {
        for right in -1...1 {
          result.labels.append(label)
          for place in 0..<Self.pixelCount {
            let y = place / Self.side - down
            let x = place % Self.side - right
            let isInside = (0..<Self.side).contains(y) && (0..<Self.side).contains(x)
            result.pixels.append(isInside ? pixels[row * Self.pixelCount + y * Self.side + x] : 0)
          }
        }
      }
    }
    return result
  }

  /// The pixels of one image.
  public func pixels(of row: Int) -> ArraySlice<Float> { pixels[row * Self.pixelCount..<(row + 1) * Self.pixelCount] }

  /// The path of the committed file, 64 pixels from 0 to 16 and a label a line: see Resources/ATTRIBUTION.md.
  public static let file =
    Bundle.module.url(forResource: "digits", withExtension: "csv", subdirectory: "Resources")!.path

  /// All 1,797 images, in the order of the committed file.
  public static func loadAll() throws -> DigitImages {
    try DigitImages(csv: String(contentsOfFile: file, encoding: .utf8))
  }

  /// The committed file: the same 1,437 images to train on and 360 to test with, every time.
  public static func load() throws -> (training: DigitImages, test: DigitImages) {
    let all = try loadAll()
    var generator = SeededGenerator(seed: 1998)
    let order = generator.permutation(of: all.count)
    return (all.selecting(order[360...]), all.selecting(order[..<360]))
  }
}

/// A line of the data file that is no image.
public struct BadRow: Error, CustomStringConvertible {
  public let line: Int
  public let reason: String
  public var description: String { "line \(line): \(reason)" }
}
