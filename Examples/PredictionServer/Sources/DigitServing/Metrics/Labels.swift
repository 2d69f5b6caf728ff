/// The labels of a series, sorted by their names, as the text format writes them: `{method="GET",route="/health"}`.
struct Labels: Hashable, Comparable, CustomStringConvertible {
  private let pairs: [String]

  init(_ dimensions: [(String, String)]) {
    pairs = dimensions.map { "\(Self.name($0))=\"\(Self.escaped($1))\"" }.sorted()
  }

  private init(pairs: [String]) { self.pairs = pairs }

  func adding(_ name: String, _ value: String) -> Labels {
    Labels(pairs: pairs + ["\(name)=\"\(Self.escaped(value))\""])
  }

  var description: String { pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}" }

  static func < (a: Labels, b: Labels) -> Bool { a.description < b.description }

  /// A name of letters, digits and underscores, as the format wants it, which swift-metrics does not.
  static func name(_ label: String, ending: String = "") -> String {
    var name = ""
    for scalar in label.unicodeScalars {
      let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      let isDigit = ("0"..."9").contains(scalar) && !name.isEmpty
      name.unicodeScalars.append(isLetter || isDigit ? scalar : "_")
    }
    return name.hasSuffix(ending) ? name : name + ending
  }

  private static func escaped(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
