import Testing

@testable import Adjoint

@Suite(.timeLimit(.minutes(20))) struct SharedColumnTests {
  /// More than the pages that lie by themselves, so that copies know of the same spare pages of a stretch.
  private static let count = 300_000

  private static func column() -> SharedColumn<UInt64> {
    var column = SharedColumn<UInt64>()
    for value in 0..<count { column.append(UInt64(value)) }
    return column
  }

  @Test func `what is added to copies of a column is seen by that copy alone`() {
    let original = Self.column()
    var copies = [original, original, original]
    for value in 0..<UInt64(Self.count) {
      for copy in copies.indices { copies[copy].append(value * 4 + UInt64(copy)) }
    }
    #expect(original.elementsEqual(0..<UInt64(Self.count)))
    for (number, copy) in copies.enumerated() {
      #expect(copy.prefix(Self.count).elementsEqual(original))
      #expect(copy.dropFirst(Self.count).elementsEqual((0..<UInt64(Self.count)).map { $0 * 4 + UInt64(number) }))
    }
  }

  @Test(arguments: [0, 5_000, 290_000, count - 1])
  func `an element that is replaced in a copy stays in the original`(index: Int) {
    var original = Self.column()
    var copy = original
    copy.replace(at: index, by: 7)
    #expect(original[index] == UInt64(index))
    original.append(1)
    copy.append(2)
    original.replace(at: index, by: 9)
    #expect(copy[index] == 7 && original[index] == 9)
    #expect(original.last == 1 && copy.last == 2)
    #expect(zip(original, copy).count { $0 != $1 } == 2)
  }

  @Test(arguments: [0, 1, 16, 8_191, 8_192, 8_193, 16_384, 290_000, count])
  func `the first elements go on by themselves`(length: Int) {
    let original = Self.column()
    var first = original.first(length)
    #expect(first.elementsEqual(original.prefix(length)))
    for value in 0..<UInt64(20_000) { first.append(value * 3) }
    #expect(first.prefix(length).elementsEqual(original.prefix(length)))
    #expect(first.dropFirst(length).elementsEqual((0..<20_000).map { $0 * 3 }))
    #expect(original.elementsEqual(0..<UInt64(Self.count)))
  }

  @Test func `a frozen column holds what was added`() {
    var column = Column<UInt32>()
    for value in 0..<UInt32(1_000_000) { column.append(value) }
    #expect(column.frozen().elementsEqual(0..<1_000_000))
  }
}
