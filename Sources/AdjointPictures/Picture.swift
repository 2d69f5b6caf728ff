internal import Adjoint

/// What is seen in a picture of a graph: gates, boxes open and closed, and the values that flow between them. It does
/// not know sizes, places or numbers.
struct Picture {
  enum Kind {
    /// The picture, or an open box.
    case open(box: Int)
    /// A box of which the inside is not shown.
    case closed(box: Int)
    case node(NodeID)
    /// Where a value leaves the picture.
    case output(NodeID)
  }

  struct Item {
    let kind: Kind
    let parent: Int
    var children: [Int] = []
    /// How many links end at a gate.
    var entryCount = 0
  }

  /// The values that leave one gate or closed box: several at once from a box, or from a gate that stands for others.
  struct Flow {
    let from: Int
    /// The node whose value is drawn; `nil` where a box lets several out.
    let drawn: NodeID?
    var values: [NodeID] = []
  }

  struct Link {
    let flow: Int
    let to: Int
    /// Which of a gate's links, counted from above; `nil` for a box.
    let entry: Int?
    /// The gates that read the value over this link, and as which of their inputs.
    var readers: [Reader]
  }
  struct Reader: Hashable {
    let node: NodeID, input: Int
  }

  let outline: PictureOutline
  private(set) var items: [Item] = []
  private(set) var flows: [Flow] = []
  private(set) var links: [Link] = []

  private var itemOfBox: [Int: Int] = [:]
  private var itemOfNode: [NodeID: Int] = [:]

  /// - Parameter outputs: the nodes whose values leave the picture.
  /// - Complexity: O(nodes + edges).
  init(_ outline: PictureOutline, outputs: [NodeID], options: PictureOptions) {
    self.outline = outline
    items.append(Item(kind: .open(box: 0), parent: 0))
    fill(openBoxes: openBoxes(options))
    link(outputs)
  }

  /// How many links a flow has.
  func linkCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: flows.count)
    for link in links { counts[link.flow] += 1 }
    return counts
  }

  // MARK: items

  /// The boxes whose inside is shown: those that the options name, then from the outermost on as many as there is room
  /// for. Neighbours of one size are opened together or not at all.
  private func openBoxes(_ options: PictureOptions) -> Set<Int> {
    let namedOpen = Set(options.open.map { ExactName($0) }), namedClosed = Set(options.closed.map { ExactName($0) })
    var open: Set<Int> = [0]
    var room = options.mostItems - visibleCount(0)
    var waiting = [(box: 0, path: "")]
    var next = 0
    while next < waiting.count {
      let (parent, path) = waiting[next]
      next += 1
      let inner = outline.boxes[parent].boxes.map { box in
        let title = outline.boxes[box].title
        return (box: box, path: path.isEmpty ? title : path + "/" + title)
      }.filter { !namedClosed.contains(ExactName($0.path)) }
      let sizes = Dictionary(grouping: inner.filter { !outline.boxes[$0.box].isPart }) { visibleCount($0.box) }
      var opened = Set(inner.filter { namedOpen.contains(ExactName($0.path)) }.map(\.box))
      room -= opened.reduce(0) { $0 + visibleCount($1) }
      for (size, boxes) in sizes.sorted(by: { $0.key < $1.key }) {
        let added = Set(boxes.map(\.box)).subtracting(opened)
        guard size * added.count <= room else { break }
        room -= size * added.count
        opened.formUnion(added)
      }
      open.formUnion(opened)
      waiting += inner.filter { opened.contains($0.box) }
    }
    return open
  }

  private func visibleCount(_ box: Int) -> Int {
    outline.boxes[box].itemCount
  }

  private mutating func fill(openBoxes: Set<Int>) {
    itemOfBox[0] = 0
    var item = 0
    while item < items.count {
      if case .open(let box) = items[item].kind {
        let inner = outline.boxes[box]
        var contents: [(first: NodeID, kind: Kind)] = inner.nodes.map { ($0, .node($0)) }
        for box in inner.boxes {
          let first = outline.nodes(in: box).first ?? NodeID(0)
          contents.append((first, openBoxes.contains(box) ? .open(box: box) : .closed(box: box)))
        }
        for (_, kind) in contents.sorted(by: { $0.first < $1.first }) { add(kind, to: item) }
      }
      item += 1
    }
  }

  private mutating func add(_ kind: Kind, to parent: Int) {
    let item = items.count
    items[parent].children.append(item)
    items.append(Item(kind: kind, parent: parent))
    switch kind {
    case .open(let box), .closed(let box): itemOfBox[box] = item
    case .node(let node): itemOfNode[node] = item
    case .output: break
    }
  }

  /// The gate or closed box where a node is seen.
  private func leaf(of node: NodeID) -> Int? {
    if outline.isInlined(node) { return nil }
    if let item = itemOfNode[node] { return item }
    var box = outline.boxOf[node.int]
    while itemOfBox[box] == nil { box = outline.boxes[box].parent }
    let item = itemOfBox[box]!
    return item
  }

  // MARK: links

  private struct LinkKey: Hashable {
    let flow: Int, to: Int, entry: Int?
  }
  private struct FlowKey: Hashable {
    let from: Int, value: NodeID?
  }

  private mutating func link(_ outputs: [NodeID]) {
    let view = outline.view
    var edges: [(from: Int, to: Int, value: NodeID, drawn: NodeID, entry: Int?, reader: Reader?)] = []
    for index in outline.isShown.indices where outline.isShown[index] {
      let node = NodeID(index)
      guard let to = leaf(of: outline.representative(of: node)) else { continue }
      var isGate = false
      if case .node = items[to].kind { isGate = true }
      var entry = 0
      for (input, value) in view.inputs(of: node).enumerated() {
        let drawn = outline.representative(of: value)
        guard let from = leaf(of: drawn), from != to else { continue }
        let reader = Reader(node: node, input: input)
        if !outline.isFolded.contains(reader) {
          edges.append((from, to, value, drawn, isGate ? entry : nil, reader))
        }
        entry += 1
      }
      if isGate { items[to].entryCount = max(items[to].entryCount, entry) }
    }
    for output in outputs {
      guard let from = leaf(of: outline.representative(of: output)) else { continue }
      add(.output(output), to: 0)
      items[items.count - 1].entryCount = 1
      edges.append((from, items.count - 1, output, outline.representative(of: output), 0, nil))
    }
    let bundles = Self.bundles(edges.map { ($0.from, $0.drawn) })
    var flowNumbers: [FlowKey: Int] = [:], linkNumbers: [LinkKey: Int] = [:]
    var seen: Set<FlowKey> = []
    for edge in edges {
      let key = FlowKey(from: edge.from, value: bundles.contains(edge.from) ? nil : edge.drawn)
      let flow = flowNumbers[key] ?? flows.count
      if flow == flows.count {
        flowNumbers[key] = flow
        flows.append(Flow(from: edge.from, drawn: key.value))
      }
      if seen.insert(FlowKey(from: flow, value: edge.value)).inserted { flows[flow].values.append(edge.value) }
      let linkKey = LinkKey(flow: flow, to: edge.to, entry: edge.entry)
      if linkNumbers[linkKey] == nil {
        linkNumbers[linkKey] = links.count
        links.append(Link(flow: flow, to: edge.to, entry: edge.entry, readers: []))
      }
      if let reader = edge.reader { links[linkNumbers[linkKey]!].readers.append(reader) }
    }
  }

  /// The items that different values leave: closed boxes, whose values then share one stem.
  private static func bundles(_ edges: [(from: Int, value: NodeID)]) -> Set<Int> {
    var first: [Int: NodeID] = [:]
    var bundles: Set<Int> = []
    for edge in edges {
      if let known = first[edge.from], known != edge.value { bundles.insert(edge.from) }
      first[edge.from] = edge.value
    }
    return bundles
  }
}
