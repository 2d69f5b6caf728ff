internal import Adjoint
internal import Notation

/// What a picture writes, and how much room that takes. Numbers come from a session, if there is one.
struct PictureWords {
  /// What stands where a flow begins: its shape, the value above the line, the gradient below.
  struct Stem {
    var shape: String?, value: String?, gradient: String?
    var width: Double {
      let words = [(shape, 10.0), (value, 12), (gradient, 12)]
      return words.map { PictureWords.width(of: $0 ?? "", size: $1) }.max()!
    }
  }

  let picture: Picture
  private let stems: [Stem]
  private let outputs: Set<NodeID>
  /// What each link sends back, where that is not the whole gradient of its flow.
  private let sent: [String?]

  private var view: GraphView { picture.outline.view }

  init(_ picture: Picture, numbers: PictureNumbers?) {
    self.picture = picture
    let view = picture.outline.view
    stems = picture.flows.map { flow in
      guard let node = flow.drawn else { return Stem(shape: "\(flow.values.count) values") }
      let shape = view.signature(of: node).shape
      let isFolded = picture.outline.isWithinFold(picture.outline.boxOf[node.int])
      let numbers = isFolded ? nil : numbers
      return Stem(
        shape: shape == .scalar ? nil : "\(shape)", value: numbers?.value(of: node),
        gradient: numbers?.gradient(of: node))
    }
    outputs = Set(
      picture.items.compactMap { item in
        if case .output(let node) = item.kind { node } else { nil }
      })
    let counts = picture.linkCounts()
    sent = picture.links.map { link in
      let flow = picture.flows[link.flow]
      guard let numbers, counts[link.flow] > 1, flow.values.count == 1, !link.readers.isEmpty else { return nil }
      return numbers.sent(to: flow.values[0], by: link.readers)
    }
  }

  func stem(of flow: Int) -> Stem { stems[flow] }
  func sent(over link: Int) -> String? { sent[link] }

  /// About how wide a text is in a sans-serif font of `size` pixels.
  static func width(of text: String, size: Double) -> Double { 0.6 * size * Double(text.count) }

  // MARK: items

  func size(of item: Int) -> (width: Double, height: Double) {
    switch picture.items[item].kind {
    case .open(let box): return (Self.width(of: title(ofBox: box), size: 12), 0)
    case .closed(let box):
      let texts = [Self.width(of: title(ofBox: box), size: 13), Self.width(of: detail(ofBox: box), size: 10)]
      return (texts.max()! + 24, 46)
    case .node(let node):
      if isSource(node) { return (Self.width(of: title(of: node), size: 13) + (isParameter(node) ? 14 : 4), 34) }
      let symbol = symbol(of: node)
      return (symbol.count <= 3 ? 38 : max(38, Self.width(of: symbol, size: 13) + 16), 38)
    case .output(let node): return (Self.width(of: title(of: node), size: 13) + 6, 34)
    }
  }

  func isSource(_ node: NodeID) -> Bool { view.isSource(node) }
  func isParameter(_ node: NodeID) -> Bool { view.isParameter(node) }
  /// Whether the name of a gate stands below it: not if it stands at its output.
  func showsName(_ node: NodeID) -> Bool { view.givenName(of: node) != nil && !outputs.contains(node) }

  /// The name without its scope, the number a constant is, or the gate's symbol.
  func title(of node: NodeID) -> String {
    if let name = view.givenName(of: node) {
      let scope = view.path(ofScope: view.scope(of: node)) + "/"
      let isWithin = name.utf8.count > scope.utf8.count && name.utf8.starts(with: scope.utf8)
      return isWithin ? String(name.unicodeScalars.dropFirst(scope.unicodeScalars.count)) : name
    }
    return view.isConstant(node) ? "constant" : ""
  }

  /// What stands in a gate: its symbol, with the number that it is applied with: `+1`, `1/x`.
  func symbol(of node: NodeID) -> String {
    let symbol = type(of: view.gate(of: node)).symbol
    let inputs = view.inputs(of: node)
    let numbers = inputs.map { picture.outline.isInlined($0) ? NumberText.significant(value(of: $0), digits: 3) : nil }
    if numbers.allSatisfy({ $0 == nil }) { return symbol }
    guard numbers.count == 2, symbol.count == 1 else {
      return symbol + "(" + numbers.map { $0 ?? "·" }.joined(separator: ", ") + ")"
    }
    guard let first = numbers[0] else { return symbol + numbers[1]! }
    return numbers[1] == nil && ["+", "×"].contains(symbol) ? symbol + first : first + symbol + (numbers[1] ?? "x")
  }

  private func value(of constant: NodeID) -> Double { view.constantElements(of: constant)?[0] ?? 0 }

  func title(ofBox box: Int) -> String {
    let box = picture.outline.boxes[box]
    return box.copies > 1 ? "\(box.title)  × \(box.copies)\(box.isChained ? " in a chain" : "")" : box.title
  }

  /// What a closed box says of its inside.
  func detail(ofBox box: Int) -> String {
    let box = picture.outline.boxes[box]
    return NumberText.count(box.nodeCount, "node") + "\(box.copies > 1 ? " each" : "")"
  }

  /// What a reader learns by pointing at a node.
  func hint(of node: NodeID) -> String {
    let signature = view.signature(of: node)
    return
      "\(view.name(of: node)): \(view.gateName(of: node)), \(signature.shape) \(signature.elementType)"
  }
}
