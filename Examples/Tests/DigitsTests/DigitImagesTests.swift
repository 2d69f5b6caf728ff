import DependencyScheduling
import Testing

@testable import DigitNetworks

@Suite struct DigitImagesTests {
  static let row = [String](repeating: "0", count: 64).joined(separator: ",")

  @Test func `the committed file holds 1,437 images to train on and 360 to test with`() throws {
    let (training, test) = try DigitImages.load()
    #expect(training.count == 1_437)
    #expect(test.count == 360)
    #expect(training.pixels.count == 1_437 * 64)
    #expect(Set(training.labels) == Set(0...9))
    #expect(training.pixels.allSatisfy { (0...1).contains($0) })
  }

  @Test(arguments: [
    ("1,2,3", "line 2: 64 pixels and a label expected, got 3 fields"),
    (row + ",10", "line 2: field 65 is not a label from 0 to 9: '10'"),
    (row.dropLast() + "17,1", "line 2: field 64 is not a pixel from 0 to 16: '17'"),
    (row.dropLast() + "x,1", "line 2: field 64 is not a pixel from 0 to 16: 'x'"),
  ])
  func `a bad row is an error with its line number`(bad: String, message: String) {
    let error = #expect(throws: BadRow.self) { try DigitImages(csv: "\(Self.row),7\n\(bad)\n\(Self.row),3\n") }
    #expect(error?.description == message)
  }

  @Test func `shifts move every pixel by one and bring in blanks`() throws {
    let image = try DigitImages(csv: (1...64).map { String($0 % 17) }.joined(separator: ",") + ",7\n")
    let shifted = image.withShifts()
    #expect(shifted.labels == [Int32](repeating: 7, count: 9))
    #expect(shifted.selecting([4]).pixels == image.pixels)
    func pixel(_ number: Int, _ row: Int, _ column: Int) -> Float { shifted.pixels[(number * 8 + row) * 8 + column] }
    for row in 0..<8 {
      for column in 0..<8 {
        let isLastRow = row == 7, isFirstColumn = column == 0
        #expect(pixel(1, row, column) == (isLastRow ? 0 : image.pixels[(row + 1) * 8 + column]))  // up
        #expect(pixel(5, row, column) == (isFirstColumn ? 0 : image.pixels[row * 8 + column - 1]))  // right
      }
    }
  }

  @Test func `a permutation holds every number once and comes back with its seed`() {
    var first = SeededGenerator(seed: 5), again = SeededGenerator(seed: 5), other = SeededGenerator(seed: 6)
    let order = first.permutation(of: 100)
    #expect(order.sorted() == Array(0..<100))
    #expect(order == again.permutation(of: 100))
    #expect(order != other.permutation(of: 100))
  }
}
