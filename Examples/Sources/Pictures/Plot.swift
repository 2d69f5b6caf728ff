import Foundation

/// Curves over their indices, on a logarithmic scale, as SVG.
struct Plot {
  let width: Double, height: Double
  let xTitle: String, yTitle: String
  private var curves: [(name: String, color: String, values: [Double])] = []
  private let left = 62.0, right = 16.0, top = 16.0, bottom = 44.0

  init(width: Double, height: Double, xTitle: String, yTitle: String) {
    self.width = width
    self.height = height
    self.xTitle = xTitle
    self.yTitle = yTitle
  }

  /// Adds a curve; its values are above zero.
  mutating func add(_ name: String, _ color: String, _ values: [Double]) { curves.append((name, color, values)) }

  var svg: String {
    let values = curves.flatMap(\.values)
    let low = log10(values.min()!).rounded(.down), high = log10(values.max()!).rounded(.up)
    let count = curves.map(\.values.count).max()!
    func x(_ index: Int) -> Double { left + (width - left - right) * Double(index) / Double(max(count - 1, 1)) }
    func y(_ value: Double) -> Double { top + (height - top - bottom) * (high - log10(value)) / (high - low) }
    var marks = ""
    for power in Int(low)...Int(high) {
      for digit in power == Int(high) ? 1...1 : 1...9 {
        let height = y(Double(digit) * pow(10, Double(power))).formatted(digits: 1)
        let end = (width - right).formatted(digits: 1)
        marks += "<path d=\"M\(left) \(height)H\(end)\" stroke=\"\(digit == 1 ? "#bbb" : "#eee")\"/>\n"
        guard digit == 1 else { continue }
        let label =
          power >= 0 ? "\(Int(pow(10, Double(power))))" : "0." + String(repeating: "0", count: -power - 1) + "1"
        marks += "<text x=\"\(left - 6)\" y=\"\(height)\" dy=\"4\" text-anchor=\"end\">\(label)</text>\n"
      }
    }
    for index in stride(from: 0, through: count, by: max(count / 6, 1)) {
      marks +=
        "<text x=\"\(x(index).formatted(digits: 1))\" y=\"\(height - bottom + 18)\" text-anchor=\"middle\">\(index)</text>\n"
    }
    for (number, curve) in curves.enumerated() {
      let points = curve.values.enumerated().map {
        "\(x($0).formatted(digits: 1)) \(y($1).formatted(digits: 1))"
      }
      marks +=
        "<path d=\"M\(points.joined(separator: "L"))\" fill=\"none\" stroke=\"\(curve.color)\" stroke-width=\"2\"/>\n"
      marks +=
        "<text x=\"\(width - right - 8)\" y=\"\(top + 20 + 18 * Double(number))\" text-anchor=\"end\" fill=\"\(curve.color)\">\(curve.name)</text>\n"
    }
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(width)) \(Int(height))" width="\(Int(width))" \
      height="\(Int(height))" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#333">
      <rect width="100%" height="100%" fill="#fff"/>
      \(marks)<text x="\((left + width - right) / 2)" y="\(height - 8)" text-anchor="middle">\(xTitle)</text>
      <text transform="translate(14 \((top + height - bottom) / 2)) rotate(-90)" text-anchor="middle">\(yTitle)</text>
      </svg>

      """
  }
}

extension Double {
  /// With at most so many digits after the point.
  func formatted(digits: Int) -> String {
    let text = String(format: "%.\(digits)f", self)
    guard text.contains(".") else { return text }
    let short = String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
    return short == "-0" ? "0" : short
  }
}
