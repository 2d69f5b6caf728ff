import Foundation

/// A picture of how much faster runs become with more workers, as SVG: two panels beside each other.
struct ScalingChart {
  struct Panel {
    let title: String
    let rows: [ScalingRow]
  }

  let panels: [Panel]

  private static let side = 300.0, panelWidth = 620.0, panelHeight = 400.0, left = 50.0, top = 40.0

  var svg: String {
    let (width, height) = (2 * Self.panelWidth, Self.panelHeight * Double((panels.count + 1) / 2))
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" font-family=\"sans-serif\" "
        + "font-size=\"11\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    for (number, panel) in panels.enumerated() {
      let x = Double(number % 2) * Self.panelWidth + Self.left
      let y = Double(number / 2) * Self.panelHeight + Self.top
      parts.append("<g transform=\"translate(\(x) \(y))\">")
      parts += drawing(of: panel)
      parts.append("</g>")
    }
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  /// Both axes are logarithmic, from 1 to 128.
  private func position(_ value: Double) -> Double { Self.side * log2(max(value, 1)) / 7 }

  private func drawing(of panel: Panel) -> [String] {
    let side = Self.side
    var parts = [
      "<text y=\"-16\" font-size=\"13\">\(panel.title): speed-up over a run alone, simulated</text>",
      "<rect width=\"\(side)\" height=\"\(side)\" fill=\"none\" stroke=\"#999\"/>",
      "<line x1=\"0\" y1=\"\(side)\" x2=\"\(side)\" y2=\"0\" stroke=\"#ccc\" stroke-dasharray=\"4 3\"/>",
      "<text x=\"\(side / 2)\" y=\"\(side + 34)\" text-anchor=\"middle\">workers</text>",
    ]
    for width in ScalingRow.widths {
      let place = position(Double(width))
      parts.append("<text x=\"\(place)\" y=\"\(side + 16)\" text-anchor=\"middle\">\(width)</text>")
      parts.append("<text x=\"-6\" y=\"\(side - place + 4)\" text-anchor=\"end\">\(width)</text>")
    }
    for (number, row) in panel.rows.enumerated() {
      let colour = "hsl(\(360 * number / panel.rows.count), 65%, 40%)"
      func line(_ dashes: String, _ time: (ScalingRow.Cell) -> Double) -> String {
        let points = row.cells.map { cell in
          String(format: "%.1f,%.1f", position(Double(cell.width)), side - position(row.timeAlone / time(cell)))
        }
        return "<polyline fill=\"none\" stroke=\"\(colour)\" \(dashes) points=\"\(points.joined(separator: " "))\"/>"
      }
      parts.append(line("stroke-width=\"1.8\"") { $0.time })
      parts.append(line("stroke-dasharray=\"2 3\"") { $0.reference })
      let height = 8 + 16 * number
      parts.append("<rect x=\"\(side + 14)\" y=\"\(height)\" width=\"14\" height=\"4\" fill=\"\(colour)\"/>")
      parts.append("<text x=\"\(side + 34)\" y=\"\(height + 6)\">\(row.name)</text>")
    }
    let below = 8 + 16 * panel.rows.count + 12
    parts.append("<text x=\"\(side + 14)\" y=\"\(below)\" fill=\"#666\">dotted: the better reference</text>")
    return parts
  }
}
