import Adjoint
import Foundation

/// Synthetic images: stripes at one of eight angles, its label, the colours out of step with one another, under noise.
struct Stripes {
  static let angleCount = 8
  let pixels: [Float]
  let labels: [Int32]

  /// `count` images, whose angles take turns; the labels are spread over the tower's classes.
  init(count: Int, seed: UInt64) {
    let side = Tower.imageSide
    var generator = InputGenerator(seed: seed)
    var pixels: [Float] = []
    pixels.reserveCapacity(count * 3 * side * side)
    for image in 0..<count {
      let angle = Double(image % Self.angleCount) * .pi / Double(Self.angleCount)
      // Stripes of 16 pixels.
      let across = cos(angle) / 16
      let down = sin(angle) / 16
      let phase = Double(generator.uniform(scale: 1))
      for colour in 0..<3 {
        for row in 0..<side {
          for column in 0..<side {
            let turns = Double(column) * across + Double(row) * down + phase + Double(colour) / 3
            pixels.append(Float(sin(2 * .pi * turns)) + generator.uniform(scale: 0.5))
          }
        }
      }
    }
    self.pixels = pixels
    labels = (0..<count).map { Int32($0 % Self.angleCount * (Tower.classCount / Self.angleCount)) }
  }

  /// Writes all images where the session reads them.
  func feed(_ session: Session, of tower: Tower) throws {
    try session.write(pixels, to: tower.images)
    try session.write(labels, to: tower.labels)
  }
}
