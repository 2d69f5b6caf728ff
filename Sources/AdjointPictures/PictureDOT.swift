/// A picture in the language of Graphviz.
enum PictureDOT {
  static func text(of picture: Picture, _ words: PictureWords) -> String {
    var text = """
      digraph {
        rankdir=LR
        node [fontname="Helvetica", fontsize=13]
        edge [fontname="Helvetica", fontsize=11]

      """
    // Items from the outermost in; a closing brace for each cluster when its last child is done.
    var open: [(item: Int, depth: Int, closes: Bool)] = picture.items[0].children.reversed().map { ($0, 1, false) }
    while let (item, depth, closes) = open.popLast() {
      let margin = String(repeating: "  ", count: depth)
      if closes {
        text += "\(margin)}\n"
      } else if case .open(let box) = picture.items[item].kind {
        text +=
          "\(margin)subgraph cluster\(item) {\n\(margin)  label=<\(MarkupText.escaped(words.title(ofBox: box)))>\n"
        text += "\(margin)  style=dashed\n"
        open.append((item, depth, true))
        open += picture.items[item].children.reversed().map { ($0, depth + 1, false) }
      } else {
        text += "\(margin)n\(item) [\(attributes(of: item, picture, words))]\n"
      }
    }
    let counts = picture.linkCounts()
    for (flow, count) in counts.enumerated() where count > 1 && picture.flows[flow].drawn != nil {
      text += "  copy\(flow) [shape=circle, width=0.15, label=<<font color=\"#dd1111\">+</font>>]\n"
      text += "  n\(picture.flows[flow].from) -> copy\(flow) [\(label(words.stem(of: flow)))]\n"
    }
    for (index, link) in picture.links.enumerated() {
      let isBranch = counts[link.flow] > 1 && picture.flows[link.flow].drawn != nil
      let stem = isBranch ? PictureWords.Stem(gradient: words.sent(over: index)) : words.stem(of: link.flow)
      let source = isBranch ? "copy\(link.flow)" : "n\(picture.flows[link.flow].from)"
      text += "  \(source) -> n\(link.to) [\(label(stem))]\n"
    }
    return text + "}\n"
  }

  private static func attributes(of item: Int, _ picture: Picture, _ words: PictureWords) -> String {
    switch picture.items[item].kind {
    case .open: return ""
    case .closed(let box):
      let title = MarkupText.escaped(words.title(ofBox: box)), detail = MarkupText.escaped(words.detail(ofBox: box))
      return "shape=box3d, label=<\(title)<br/><font point-size=\"10\">\(detail)</font>>"
    case .output(let node): return "shape=plain, label=<\(label(words.title(of: node)))>"
    case .node(let node):
      if words.isSource(node) {
        return "shape=\(words.isParameter(node) ? "box" : "plain"), label=<\(label(words.title(of: node)))>"
      }
      let name = words.showsName(node) ? "<br/><i>\(MarkupText.escaped(words.title(of: node)))</i>" : ""
      return "shape=\(words.symbol(of: node).count <= 4 ? "circle" : "box"), "
        + "label=<\(MarkupText.escaped(words.symbol(of: node)))\(name)>"
    }
  }

  /// A label cannot be empty.
  private static func label(_ title: String) -> String { title.isEmpty ? " " : MarkupText.escaped(title) }

  private static func label(_ stem: PictureWords.Stem) -> String {
    let parts = [(stem.shape, "#888888"), (stem.value, "#0a8a0a"), (stem.gradient, "#dd1111")].compactMap {
      words, color in
      words.map { "<font color=\"\(color)\">\(MarkupText.escaped($0))</font>" }
    }
    return parts.isEmpty ? "" : "label=<\(parts.joined(separator: "<br/>"))>"
  }
}
