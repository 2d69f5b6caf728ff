internal import Notation

/// One part of an explanation: a heading, and items of a line or a few under it. Of very many the first are shown, and
/// how many more there are.
struct ExplanationPart {
  /// More items than this are counted, and not shown.
  static let mostItems = 200

  private let heading: String
  private var lines: [String] = []
  private(set) var itemCount = 0

  init(_ heading: String) { self.heading = heading }

  /// Adds an item; its text is only made if it is shown.
  mutating func add(_ item: @autoclosure () -> String) {
    itemCount += 1
    if itemCount <= Self.mostItems { lines.append("  " + item()) }
  }

  /// The heading and the items; nothing if there are none.
  var text: String {
    if itemCount == 0 { return "" }
    let rest = itemCount - Self.mostItems
    let end = rest > 0 ? ["  … and \(NumberText.grouped(rest)) more"] : []
    return ([heading] + lines + end).joined(separator: "\n") + "\n"
  }
}

/// Numbers and lists as an explanation writes them.
enum ExplanationText {
  /// More than these are not listed on one line.
  static let mostListed = 8

  static func bytes(_ number: Int) -> String { NumberText.count(number, "byte") }

  /// `1,234 ns`, by nominal costs.
  static func nanoseconds(_ cost: Float) -> String {
    cost < 1e15 ? "\(NumberText.grouped(Int(cost.rounded()))) ns" : "\(cost) ns"
  }

  /// The first few, and how many more there are.
  static func list(_ items: some Sequence<String>, of total: Int) -> String {
    let shown = items.prefix(mostListed).joined(separator: ", ")
    return shown + (total > mostListed ? ", … and \(NumberText.grouped(total - mostListed)) more" : "")
  }

  /// Numbers in rising order, those next to one another as a range: `0, 3..<7`.
  static func ranges(_ numbers: some Sequence<Int>) -> String {
    var ranges: [Range<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound == number {
        ranges[ranges.count - 1] = last.lowerBound..<number + 1
      } else {
        ranges.append(number..<number + 1)
      }
    }
    return list(ranges.lazy.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0)" }, of: ranges.count)
  }
}
