internal import Adjoint

/// The nodes of a graph in the boxes of their scopes: a tree, in arrays. It does not know how it is drawn.
///
/// Box 0 is the picture. Numbers that a formula holds stand in the gates that read them, not in a box. Nodes of a
/// backward pass stand in a box of their own, within which are their forward nodes' scopes. Scopes of the same name
/// but for a number that hold the same gates are folded: one of them stands for all.
struct PictureOutline {
  struct Box {
    var title: String
    let parent: Int
    /// The nodes and boxes right within this one.
    var nodes: [NodeID] = []
    var boxes: [Int] = []
    /// How many nodes there are in it, at any depth.
    var nodeCount = 0
    /// How many boxes like it this one stands for, itself included, and whether each reads from the one before.
    var copies = 1
    var isChained = false
    /// Whether it is no scope, but neighbours that were put together.
    var isPart = false

    var itemCount: Int { nodes.count + boxes.count }
  }

  let view: GraphView
  private(set) var boxes = [Box(title: "", parent: 0)]
  /// The box right around each node.
  private(set) var boxOf: [Int]
  /// The node that is drawn in place of each; itself, unless its scope is folded.
  private var representatives: [NodeID]
  /// The inputs that lead from one folded box to the next.
  private(set) var isFolded: Set<Picture.Reader> = []
  let isShown: [Bool]

  /// - Parameters:
  ///   - isShown: which nodes are in the picture.
  ///   - mostItems: where more would stand side by side, boxes of neighbours are made.
  init(_ view: GraphView, isShown: [Bool], mostItems: Int) {
    self.view = view
    self.isShown = isShown
    boxOf = [Int](repeating: 0, count: isShown.count)
    representatives = (0..<isShown.count).map { NodeID($0) }
    fillBoxes()
    fold(0)
    cut(0, mostItems: mostItems)
    for box in boxes.indices.dropFirst() where boxes[box].copies > 0 { fold(box) }
  }

  /// The node drawn in place of this one.
  func representative(of node: NodeID) -> NodeID {
    var node = node
    while representatives[node.int] != node { node = representatives[node.int] }
    return node
  }

  /// Whether a node is a number written into the gates that read it, as the 1 of `1 + x`.
  func isInlined(_ node: NodeID) -> Bool {
    view.isConstant(node) && view.signature(of: node).shape == .scalar && view.givenName(of: node) == nil
  }

  /// Whether what a box shows stands for other nodes too, since it or one around it is folded.
  func isWithinFold(_ box: Int) -> Bool {
    var box = box
    while box > 0 {
      if boxes[box].copies > 1 { return true }
      box = boxes[box].parent
    }
    return false
  }

  private mutating func fillBoxes() {
    var known: [ExactName: Int] = [ExactName(""): 0]
    func box(_ path: String, _ outline: inout PictureOutline) -> Int {
      if let box = known[ExactName(path)] { return box }
      let cut = path.utf8.lastIndex(of: UInt8(ascii: "/"))
      let parent = box(cut.map { String(path[..<$0]) } ?? "", &outline)
      let title = cut.map { String(path[path.utf8.index(after: $0)...]) } ?? path
      outline.boxes.append(Box(title: title, parent: parent))
      outline.boxes[parent].boxes.append(outline.boxes.count - 1)
      known[ExactName(path)] = outline.boxes.count - 1
      return outline.boxes.count - 1
    }
    struct Seat: Hashable {
      let scope: UInt32, isBackward: Bool
    }
    var seats: [Seat: Int] = [:]
    for index in isShown.indices where isShown[index] && !isInlined(NodeID(index)) {
      let seat = Seat(scope: view.scope(of: NodeID(index)), isBackward: view.isDerivative(NodeID(index)))
      if seats[seat] == nil {
        let path = view.path(ofScope: seat.scope)
        seats[seat] = box(seat.isBackward ? (path.isEmpty ? "backward" : "backward/" + path) : path, &self)
      }
      var holder = seats[seat]!
      boxOf[index] = holder
      boxes[holder].nodes.append(NodeID(index))
      while true {
        boxes[holder].nodeCount += 1
        if holder == 0 { break }
        holder = boxes[holder].parent
      }
    }
  }

  /// All nodes in a box, ascending.
  func nodes(in box: Int) -> [NodeID] {
    var found: [NodeID] = [], open = [box]
    while let next = open.popLast() {
      found += boxes[next].nodes
      open += boxes[next].boxes
    }
    return found.sorted()
  }

  // MARK: folding

  /// Folds runs of at least three boxes within `box` that are the same but for a number in their names.
  private mutating func fold(_ box: Int) {
    var open = [box]
    while let outer = open.popLast() {
      var kept: [Int] = []
      let inner = boxes[outer].boxes
      var start = 0
      while start < inner.count {
        let stem = Self.stem(boxes[inner[start]].title)
        let pattern = stem.isNumbered ? PictureBlock(inner[start], in: self) : nil
        var end = start + 1
        while let pattern, end < inner.count, Self.stem(boxes[inner[end]].title) == stem,
          boxes[inner[end]].nodeCount == pattern.nodes.count, PictureBlock(inner[end], in: self) == pattern
        { end += 1 }
        if end - start >= 3 {
          stack(inner[start..<end])
          kept.append(inner[start])
        } else {
          kept += inner[start..<end]
        }
        start = end
      }
      boxes[outer].boxes = kept
      open += kept
    }
  }

  /// Lets the first of equal boxes stand for all.
  private mutating func stack(_ equal: ArraySlice<Int>) {
    let blocks = equal.map { nodes(in: $0) }
    var blockOf: [NodeID: Int] = [:]
    for (block, nodes) in blocks.enumerated() {
      for node in nodes { blockOf[node] = block }
    }
    for (block, nodes) in blocks.enumerated() {
      for node in nodes {
        for (input, read) in view.inputs(of: node).enumerated() {
          guard let other = blockOf[representative(of: read)], other != block else { continue }
          isFolded.insert(Picture.Reader(node: node, input: input))
          boxes[equal.first!].isChained = true
        }
      }
    }
    for (nodes, box) in zip(blocks, equal).dropFirst() {
      for (node, first) in zip(nodes, blocks[0]) { representatives[node.int] = first }
      boxes[box].copies = 0
    }
    boxes[equal.first!].copies = equal.count
    boxes[equal.first!].title = Self.span(boxes[equal.first!].title, boxes[equal.last!].title)
  }

  /// The title of boxes from one to another: `layer0 … layer7`.
  private static func span(_ first: String, _ last: String) -> String {
    let start = first.split(separator: " … ").first ?? "", end = last.split(separator: " … ").last ?? ""
    return ExactName(String(start)) == ExactName(String(end)) ? first : "\(start) … \(end)"
  }

  /// A title without its digits, and whether there were any.
  private static func stem(_ title: String) -> (text: ExactName, isNumbered: Bool) {
    let text = title.filter { !$0.isASCII || !$0.isNumber }
    return (ExactName(text), text.count < title.count)
  }

  // MARK: crowded boxes

  /// Makes boxes of neighbours, so that at most `mostItems` stand in `box`. Neighbours in the order of the graph: links
  /// between the new boxes then all run one way.
  private mutating func cut(_ box: Int, mostItems: Int) {
    let count = boxes[box].itemCount
    guard count > mostItems else { return }
    var items: [(first: NodeID, node: NodeID?, box: Int)] = boxes[box].nodes.map { ($0, $0, 0) }
    for inner in boxes[box].boxes { items.append((nodes(in: inner).first ?? NodeID(0), nil, inner)) }
    items.sort { $0.first < $1.first }
    let length = (2 * count + mostItems - 1) / mostItems
    boxes[box].nodes = []
    boxes[box].boxes = []
    for start in stride(from: 0, to: items.count, by: length) {
      let new = boxes.count
      boxes.append(Box(title: "part \(start / length + 1)", parent: box, isPart: true))
      boxes[box].boxes.append(new)
      for item in items[start..<min(start + length, items.count)] {
        if let node = item.node {
          boxes[new].nodes.append(node)
          boxOf[node.int] = new
          boxes[new].nodeCount += 1
        } else {
          boxes[item.box] = boxes[item.box].moved(to: new)
          boxes[new].boxes.append(item.box)
          boxes[new].nodeCount += boxes[item.box].nodeCount
        }
      }
      if boxes[new].nodes.isEmpty, let first = boxes[new].boxes.first, let last = boxes[new].boxes.last {
        boxes[new].title = Self.span(boxes[first].title, boxes[last].title)
      }
    }
    fold(box)
  }
}

extension PictureOutline.Box {
  fileprivate func moved(to parent: Int) -> Self {
    var copy = Self(title: title, parent: parent)
    (copy.nodes, copy.boxes, copy.nodeCount) = (nodes, boxes, nodeCount)
    (copy.copies, copy.isChained, copy.isPart) = (copies, isChained, isPart)
    return copy
  }
}

/// What a scope computes, apart from names and numbers: equal for two of which one can stand for the other.
private struct PictureBlock: Equatable {
  let nodes: [NodeID]
  /// For each node its gate, element type and shape, inner scope, and which inputs come from within.
  private var key: [Step] = []
  private struct Step: Equatable {
    let gate: String
    let signature: Signature
    let scope: Int
    let inputs: [Int]
  }

  init(_ box: Int, in outline: PictureOutline) {
    nodes = outline.nodes(in: box)
    var places: [NodeID: Int] = [:]
    var scopes: [Int: Int] = [:]
    let view = outline.view
    for (place, node) in nodes.enumerated() {
      places[node] = place
      let inner = outline.boxOf[node.int]
      let scope = scopes[inner] ?? scopes.count
      scopes[inner] = scope
      key.append(
        Step(
          gate: view.gateName(of: node), signature: view.signature(of: node), scope: scope,
          inputs: view.inputs(of: node).map { places[$0] ?? -1 }))
    }
  }

  static func == (left: Self, right: Self) -> Bool { left.key == right.key }
}
