internal import Notation

/// Lines of a label, a value and a gradient, in columns: the values in green, the gradients in red if wanted.
struct PrintedTable {
  let inColor: Bool
  private var rows: [(label: String, value: String, gradient: String)] = []

  init(inColor: Bool) { self.inColor = inColor }

  /// A dash stands for a number that was not computed.
  mutating func add(_ label: String, _ numbers: (value: String?, gradient: String?)) {
    rows.append((label, numbers.value ?? "–", numbers.gradient ?? "–"))
  }

  mutating func add(_ label: String, value: String = "", gradient: String = "") {
    rows.append((label, value, gradient))
  }

  /// The lines, each ended by a newline; numbers are flush right.
  var text: String {
    let labels = rows.filter { !$0.value.isEmpty }.map(\.label.count).max() ?? 0
    let values = rows.map(\.value.count).max() ?? 0
    let gradients = rows.map(\.gradient.count).max() ?? 0
    func spaces(_ width: Int, _ text: String) -> String { String(repeating: " ", count: width - text.count) }
    var result = ""
    for row in rows {
      var line = row.label
      if !row.value.isEmpty {
        line += spaces(labels, row.label) + "  " + spaces(values, row.value) + colored(row.value, 32)
        line += "  " + spaces(gradients, row.gradient) + colored(row.gradient, 31)
      }
      result += line + "\n"
    }
    return result
  }

  private func colored(_ text: String, _ color: Int) -> String { inColor ? "\u{1B}[\(color)m\(text)\u{1B}[0m" : text }
}

extension NumberText {
  /// One number, up to six in brackets, or `[128, 64] from -1.2 to 3.4, mean 0.1`.
  static func summary<T: GraphScalar>(of elements: [T], _ shape: Shape) -> String {
    if shape == .scalar { return significant(elements[0].asDouble) }
    if elements.count <= 6 { return "[" + elements.map { significant($0.asDouble) }.joined(separator: ", ") + "]" }
    var least = Double.infinity, most = -Double.infinity, sum = 0.0, finite = 0
    for element in elements.lazy.map(\.asDouble) where element.isFinite {
      least = min(least, element)
      most = max(most, element)
      sum += element
      finite += 1
    }
    let summary =
      finite > 0 ? " from \(significant(least)) to \(significant(most)), mean \(significant(sum / Double(finite)))" : ""
    let others = elements.count - finite
    return "\(shape)" + summary + (others > 0 ? ", \(others) not finite" : "")
  }
}
