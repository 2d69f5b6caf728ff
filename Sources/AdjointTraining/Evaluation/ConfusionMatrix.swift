internal import DependencyScheduling
internal import Notation

/// How often each class was taken for which: a row for each label, a column for each prediction.
///
/// ```swift
/// print(try evaluation.confusion(labels: "labels", with: parameters))
/// //        0    1    2   recall
/// //   0   35    1    0    97.2 %
/// //   1    0   36    0   100.0 %
/// ```
public struct ConfusionMatrix: Hashable, Sendable, CustomStringConvertible {
  public let classCount: Int
  private var counts: [Int]

  public init(classCount: Int) {
    self.classCount = max(0, classCount)
    counts = [Int](repeating: 0, count: self.classCount * self.classCount)
  }

  /// How many rows of a label were taken for `prediction`.
  public subscript(label: Int, prediction: Int) -> Int { counts[label * classCount + prediction] }

  /// Counts one row more.
  public mutating func note(label: Int, prediction: Int) {
    demand(
      (0..<classCount).contains(label) && (0..<classCount).contains(prediction),
      "\(label) and \(prediction) are not both classes of 0..<\(classCount)")
    counts[label * classCount + prediction] += 1
  }

  /// All rows.
  public var total: Int { counts.reduce(0, +) }

  /// The share of rows that were taken for what they are; NaN of none.
  public var accuracy: Double {
    Double((0..<classCount).reduce(0) { $0 + self[$1, $1] }) / Double(total)
  }

  /// The share of a label's rows that were found; NaN of none.
  public func recall(of label: Int) -> Double {
    Double(self[label, label]) / Double((0..<classCount).reduce(0) { $0 + self[label, $1] })
  }

  /// The share of the rows taken for a class that are of it; NaN of none.
  public func precision(of label: Int) -> Double {
    Double(self[label, label]) / Double((0..<classCount).reduce(0) { $0 + self[$1, label] })
  }

  public var description: String {
    let width = max(4, "\(counts.max() ?? 0)".count + 1)
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func line(_ head: String, _ cells: [String], _ tail: String) -> String {
      right(head, width) + cells.map { right($0, width + 1) }.joined() + right(tail, 9)
    }
    let classes = 0..<classCount
    let head = line("", classes.map { "\($0)" }, "recall")
    let lines = classes.map { label in
      let recall = recall(of: label)
      let percent = recall.isNaN ? "–" : "\(NumberText.fixed(recall * 100, decimals: 1)) %"
      return line("\(label)", classes.map { "\(self[label, $0])" }, percent)
    }
    return ([head] + lines).joined(separator: "\n")
  }
}
