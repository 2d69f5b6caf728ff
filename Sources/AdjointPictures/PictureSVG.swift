internal import Adjoint
internal import Notation

/// A laid out picture as SVG.
struct PictureSVG {
  private let layout: PictureLayout
  private var text = ""

  private var picture: Picture { layout.picture }
  private var words: PictureWords { layout.words }

  static func text(of layout: PictureLayout) -> String {
    var svg = PictureSVG(layout: layout)
    let frame = layout.frames[0]
    let size = "\(number(frame.width.rounded(.up))) \(number(frame.height.rounded(.up)))"
    svg.text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(number(frame.width.rounded(.up)))" \
      height="\(number(frame.height.rounded(.up)))">
      <style>
      \(style)
      </style>
      <rect class="page" width="100%" height="100%"/>

      """
    for item in layout.picture.items.indices.dropFirst() {
      if case .open(let box) = layout.picture.items[item].kind { svg.addBox(box, layout.frames[item], isOpen: true) }
    }
    for line in layout.lines { svg.add(line) }
    for item in layout.picture.items.indices { svg.addItem(item) }
    for stem in layout.stems { svg.add(stem) }
    for fork in layout.forks { svg.addFork(fork) }
    return svg.text + "</svg>\n"
  }

  private init(layout: PictureLayout) { self.layout = layout }

  private static let style = """
    text { font-family: Helvetica, Arial, sans-serif; font-size: 13px; text-anchor: middle; fill: #222 }
    .page { fill: #fff }
    .line { fill: none; stroke: #333; stroke-width: 1.2 }
    .bundle { stroke-width: 2.6; stroke: #777 }
    .head { fill: #333 }
    .gate, .fork { fill: #fff; stroke: #333; stroke-width: 1.4 }
    .parameter { fill: #eef3fb; stroke: #9ab }
    .closed { fill: #f3f3f3; stroke: #777 }
    .open { fill: none; stroke: #aaa; stroke-dasharray: 5 3 }
    .shape { font-size: 10px; fill: #888 }
    .value { font-size: 12px; fill: #0a8a0a }
    .gradient { font-size: 12px; fill: #d11 }
    .sent, .plus { font-size: 11px; fill: #d11 }
    .name { font-size: 10px; font-style: italic; fill: #666 }
    .title { font-size: 12px; fill: #555; text-anchor: start }
    .left { text-anchor: start }
    .right { text-anchor: end }
    """

  // MARK: items

  private mutating func addItem(_ item: Int) {
    let frame = layout.frames[item]
    switch picture.items[item].kind {
    case .open: break
    case .closed(let box): addBox(box, frame, isOpen: false)
    case .output(let node): write(words.title(of: node), "left", frame.x + 4, frame.centre.y + 4)
    case .node(let node):
      text += "<g><title>\(MarkupText.escaped(words.hint(of: node)))</title>"
      if words.isSource(node) { addSource(node, frame) } else { addGate(node, frame) }
      text += "</g>\n"
    }
  }

  private mutating func addSource(_ node: NodeID, _ frame: PictureLayout.Frame) {
    if words.isParameter(node) {
      addRectangle("parameter", frame.x, frame.centre.y - 12, frame.width, 24, radius: 4)
      write(words.title(of: node), nil, frame.centre.x, frame.centre.y + 4.5)
    } else {
      write(words.title(of: node), "right", frame.x + frame.width - 3, frame.centre.y + 4.5)
    }
  }

  private mutating func addGate(_ node: NodeID, _ frame: PictureLayout.Frame) {
    addRectangle("gate", frame.x, frame.centre.y - 19, frame.width, 38, radius: 19)
    write(words.symbol(of: node), nil, frame.centre.x, frame.centre.y + 4.5)
    if words.showsName(node) { write(words.title(of: node), "name", frame.centre.x, frame.centre.y + 30) }
  }

  private mutating func addBox(_ box: Int, _ frame: PictureLayout.Frame, isOpen: Bool) {
    let copies = picture.outline.boxes[box].copies
    for offset in copies > 1 ? [6.0, 3.0] : [] {
      addRectangle("closed", frame.x + offset, frame.y - offset, frame.width, frame.height, radius: 6)
    }
    if isOpen {
      if copies > 1 { addRectangle("page", frame.x, frame.y, frame.width, frame.height, radius: 6) }
      addRectangle("open", frame.x, frame.y, frame.width, frame.height, radius: 6)
      write(words.title(ofBox: box), "title", frame.x + 9, frame.y + 16)
    } else {
      addRectangle("closed", frame.x, frame.y, frame.width, frame.height, radius: 6)
      write(words.title(ofBox: box), nil, frame.centre.x, frame.centre.y - 2)
      write(words.detail(ofBox: box), "shape", frame.centre.x, frame.centre.y + 14)
    }
  }

  // MARK: lines

  private mutating func add(_ line: PictureLayout.Line) {
    var points = line.points
    if let to = line.to, case .node = picture.items[to].kind {
      points[points.count - 1].x += Self.indentation(of: points.last!.y, in: layout.frames[to])
    }
    var path = "M\(Self.pair(points[0]))"
    for index in stride(from: 0, to: points.count, by: 2) {
      if index > 0 {
        let start = points[index - 1], end = points[index]
        let middle = (start.x + end.x) / 2
        path += start.y == end.y ? "" : "C\(Self.number(middle)) \(Self.number(start.y)) \(Self.number(middle)) "
        path += start.y == end.y ? "" : "\(Self.number(end.y)) \(Self.pair(end))"
      }
      path += "L\(Self.pair(points[index + 1]))"
    }
    text += "<path class=\"line\(picture.flows[line.flow].drawn == nil ? " bundle" : "")\" d=\"\(path)\"/>\n"
    guard line.to != nil else { return }
    let tip = points.last!
    let back = PictureLayout.Point(x: tip.x - 7, y: tip.y)
    text += "<path class=\"head\" d=\"M\(Self.pair(tip))L\(Self.number(back.x)) \(Self.number(back.y - 3.5))"
    text += "L\(Self.number(back.x)) \(Self.number(back.y + 3.5))Z\"/>\n"
    if let sent = line.sent { write(sent, "sent right", tip.x - 9, tip.y + 12) }
  }

  /// How far inside its frame the round end of a gate begins at a height.
  private static func indentation(of y: Double, in frame: PictureLayout.Frame) -> Double {
    let rise = min(abs(y - frame.centre.y), 19)
    return 19 - (19 * 19 - rise * rise).squareRoot()
  }

  private mutating func add(_ stem: PictureLayout.Stem) {
    let x = stem.start.x + 5
    if let value = stem.words.value { write(value, "value left", x, stem.start.y - 5) }
    if let gradient = stem.words.gradient { write(gradient, "gradient left", x, stem.start.y + 14) }
    if let shape = stem.words.shape {
      write(shape, "shape left", x, stem.start.y - (stem.words.value == nil ? 5 : 18))
    }
  }

  /// A copy gate: what it does backward stands in it.
  private mutating func addFork(_ point: PictureLayout.Point) {
    text += "<circle class=\"fork\" cx=\"\(Self.number(point.x))\" cy=\"\(Self.number(point.y))\" r=\"6\">"
    text += "<title>copy gate: forward it copies, backward it adds</title></circle>\n"
    write("+", "plus", point.x, point.y + 4)
  }

  // MARK: markup

  private mutating func addRectangle(
    _ name: String, _ x: Double, _ y: Double, _ width: Double, _ height: Double, radius: Double
  ) {
    text += "<rect class=\"\(name)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
    text += "height=\"\(Self.number(height))\" rx=\"\(Self.number(radius))\"/>\n"
  }

  private mutating func write(_ words: String, _ name: String?, _ x: Double, _ y: Double) {
    if words.isEmpty { return }
    let name = name.map { " class=\"\($0)\"" } ?? ""
    text += "<text\(name) x=\"\(Self.number(x))\" y=\"\(Self.number(y))\">\(MarkupText.escaped(words))</text>\n"
  }

  private static func pair(_ point: PictureLayout.Point) -> String { "\(number(point.x)) \(number(point.y))" }

  private static func number(_ value: Double) -> String { NumberText.rounded(value, decimals: 1) }
}

/// Text as SVG and DOT take it.
enum MarkupText {
  /// With the characters that mean something in XML written as entities, and those that it has no way to write replaced.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
