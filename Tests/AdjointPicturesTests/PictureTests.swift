import Adjoint
import AdjointPictures
import DependencyScheduling
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The structure of pictures: what is drawn, what is written, what is folded.
@Suite(.timeLimit(.minutes(20))) struct PictureTests {
  /// f = (x + y) z at (-2, 5, -4), as the course has it.
  private func textbook() throws -> (graph: Graph, session: Session, f: Node) {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let q = x + y
    let f = (q * z).named("f")
    let session = try Program(f, gradientsFor: [x, y, z, q, f], alsoComputing: [q]).makeSession()
    for (node, value) in [(x, -2.0), (y, 5), (z, -4)] { try session.write(value, to: node) }
    try session.step()
    return (graph, session, f)
  }

  @Test func `values stand above the lines and gradients below`() throws {
    let (graph, session, f) = try textbook()
    let picture = try SVGDocument(graph.svg(of: [f], values: session))
    #expect(picture.texts("value").map(\.words) == ["-2", "5", "3", "-4", "-12"])
    #expect(picture.texts("gradient").map(\.words) == ["-4", "-4", "-4", "3", "1"])
    for (value, gradient) in zip(picture.texts("value"), picture.texts("gradient")) {
      #expect(value.y < gradient.y && value.x == gradient.x)
    }
    #expect(picture.texts(nil).map(\.words) == ["+", "×"])
    #expect(picture.texts("right").map(\.words) == ["x", "y", "z"])
    #expect(picture.texts("left").map(\.words).contains("f"))
  }

  @Test func `without a session a picture has shapes and no numbers`() throws {
    let graph = Graph()
    let x = graph.input("x", [4, 3])
    let loss = x.matmul(graph.parameter("w", [3, 2])).sum()
    let picture = try SVGDocument(graph.svg(of: [loss]))
    #expect(picture.texts("value").isEmpty && picture.texts("gradient").isEmpty)
    #expect(picture.texts("shape").map(\.words) == ["[4, 3]", "[3, 2]", "[4, 2]"])
    #expect(picture.elements.count { $0.name == "rect" && $0.kind == "parameter" } == 1)
  }

  @Test func `a copy gate is an adder, and what its branches send back adds up to its gradient`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64)
    let f = x * y + square(x)
    let nodes = [x, y, f] + f.inputs
    let session = try Program(f, gradientsFor: nodes, alsoComputing: f.inputs).makeSession()
    try session.write(3, to: x)
    try session.write(-4, to: y)
    try session.step()
    let picture = try SVGDocument(graph.svg(of: [f], values: session))
    #expect(picture.elements.count { $0.name == "circle" && $0.kind == "fork" } == 1)
    #expect(picture.texts("sent right").map(\.words).sorted() == ["-4", "6"])
    #expect(try session.gradient(of: x) == -4 + 6)
  }

  @Test func `numbers of a formula stand in its gates`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let picture = try SVGDocument(graph.svg(of: [maximum(1 / (1 + -1 * x) - 3, graph.constant(0))]))
    #expect(picture.texts(nil).map(\.words) == ["×-1", "+1", "1/x", "−3", "max(·, 0)"])
  }

  @Test func `names of any characters leave the markup whole`() throws {
    let graph = Graph()
    let name = "<a b=\"c\"> & 'd' \u{1} ]]> \\ é 漢"
    let x = graph.scope("scope <&>") { graph.input(name) }
    let f = exp(x).named("f\"<br>")
    let picture = try SVGDocument(graph.svg(of: [f]))
    #expect(picture.texts("right").map(\.words) == [name.replacing("\u{1}", with: "\u{FFFD}")])
    #expect(picture.texts("title").map(\.words) == ["scope <&>"])
    let dot = graph.dot(of: [f])
    #expect(!dot.contains("<a b") && !dot.contains("f\"<br>") && dot.contains("f&quot;&lt;br&gt;"))
  }

  @Test func `the same graph and numbers give the same text`() throws {
    let texts = try (0..<3).map { _ in
      let (graph, session, f) = try textbook()
      return graph.svg(of: [f], values: session) + graph.dot(of: [f], values: session)
    }
    #expect(Set(texts).count == 1)
  }

  // MARK: scopes

  /// Layers of ten nodes each, one after the other.
  private func layers(_ count: Int) -> (graph: Graph, output: Node) {
    let graph = Graph()
    var x = graph.input("x", [2, 8])
    for layer in 0..<count {
      x = graph.scope("layer\(layer)") {
        let inner = graph.scope("inner") { relu(x.matmul(graph.parameter("w", [8, 8])) + graph.parameter("b", [8])) }
        return x + inner.matmul(graph.parameter("v", [8, 8]))
      }
    }
    return (graph, x)
  }

  @Test func `scopes that are the same but for a number are one box`() throws {
    let (graph, output) = layers(64)
    let picture = try SVGDocument(graph.svg(of: [output]))
    #expect(picture.texts("title").map(\.words) == ["layer0 … layer63  × 64 in a chain", "inner"])
    #expect(picture.texts(nil).map(\.words).filter { $0 == "matmul" }.count == 2)
    let closed = try SVGDocument(graph.svg(of: [output], options: PictureOptions(closed: ["layer0 … layer63"])))
    #expect(closed.texts(nil).map(\.words) == ["layer0 … layer63  × 64 in a chain"])
    #expect(closed.texts("shape").map(\.words).contains("8 nodes each"))
  }

  @Test func `neighbours of one size are open or closed together, unless one is asked for`() throws {
    let graph = Graph()
    let x = graph.input("x")
    var branches: [Node] = []
    for name in ["left", "middle", "right"] {
      branches.append(graph.scope(name) { exp(sin(cos(x))) })
    }
    let sum = branches[0] + branches[1] + branches[2]
    func open(_ options: PictureOptions) throws -> [String] {
      try SVGDocument(graph.svg(of: [sum], options: options)).texts("title").map(\.words)
    }
    #expect(try open(PictureOptions(mostItems: 15)) == ["left", "middle", "right"])
    #expect(try open(PictureOptions(mostItems: 14)) == [])
    #expect(try open(PictureOptions(mostItems: 14, open: ["middle"])) == ["middle"])
    #expect(try open(PictureOptions(mostItems: 15, closed: ["left"])) == ["middle", "right"])
  }

  @Test func `two scopes, or scopes that differ, are not folded`() throws {
    let (graph, output) = layers(2)
    let picture = try SVGDocument(graph.svg(of: [output]))
    #expect(picture.texts("title").map(\.words).sorted() == ["inner", "inner", "layer0", "layer1"])
    let other = Graph()
    var x = other.input("x")
    for step in 0..<3 { x = other.scope("step\(step)") { step == 1 ? exp(x) : sin(x) } }
    #expect(try SVGDocument(other.svg(of: [x])).texts("title").map(\.words) == ["step0", "step1", "step2"])
  }

  @Test func `an open box holds what is in it, and boxes side by side do not overlap`() throws {
    let (graph, output) = layers(2)
    let picture = try SVGDocument(graph.svg(of: [output]))
    let boxes = picture.elements.filter { $0.kind == "open" }.map(\.frame)
    let gates = picture.elements.filter { ["gate", "parameter"].contains($0.kind) }.map(\.frame)
    #expect(boxes.count == 4 && gates.count == 16)
    for gate in gates {
      #expect(boxes.allSatisfy { $0.contains(gate) || !$0.intersects(gate) })
      #expect(gates.count { $0.intersects(gate) } == 1)
    }
    for box in boxes {
      #expect(boxes.allSatisfy { $0.contains(box) || box.contains($0) || !$0.intersects(box) })
    }
  }

  @Test(arguments: [true, false])
  func `ten thousand nodes stay readable, with scopes and without`(hasScopes: Bool) throws {
    let graph = Graph()
    var values = [graph.input("x"), graph.input("y")]
    var random = SeededGenerator(seed: 7)
    for block in 0..<100 {
      func step() {
        for _ in 0..<100 {
          let left = values[Int.random(in: max(0, values.count - 50)..<values.count, using: &random)]
          values.append(Bool.random(using: &random) ? left * values.last! : sin(left))
        }
      }
      if hasScopes { graph.scope("block\(block)") { graph.scope("part\(block % 7)", step) } } else { step() }
    }
    let text = graph.svg(options: PictureOptions(mostItems: 40))
    let picture = try SVGDocument(text)
    let boxes = picture.elements.filter { ["gate", "closed", "parameter", "open"].contains($0.kind) }
    #expect((10...40).contains(boxes.count))
    #expect(text.utf8.count < 100_000)
  }

  @Test func `a chain of ten thousand gates is one folded box`() throws {
    let graph = Graph()
    var x = graph.input("x")
    for _ in 0..<10_000 { x = sin(x) }
    let picture = try SVGDocument(graph.svg(of: [x]))
    #expect(picture.texts(nil).map(\.words).contains { $0.hasPrefix("part 2 … part") && $0.hasSuffix(" in a chain") })
    #expect(picture.elements.count { $0.name == "path" } < 20)
  }

  @Test func `nodes of a backward pass stand in a box of their own`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let slope = try #require(try graph.gradients(of: [sin(x) * x], withRespectTo: [x])[0])
    let picture = try SVGDocument(graph.svg(of: [slope]))
    #expect(picture.texts("title").map(\.words) == ["backward"])
  }

  @Test func `a DOT picture has a node for each gate and adder, a cluster for each scope, and balanced braces`() throws
  {
    let (graph, output) = layers(2)
    let dot = graph.dot(of: [output])
    #expect(dot.matches(of: /subgraph cluster\d+/).count == 4)
    #expect(dot.matches(of: /(?m)^ *n\d+ \[/).count == 18)
    #expect(dot.matches(of: /(?m)^ *copy\d+ \[/).count == 2)
    #expect(dot.count { $0 == "{" } == dot.count { $0 == "}" })
  }
}

/// The elements of an SVG file; reading one that is not well-formed throws.
private final class SVGDocument: NSObject, XMLParserDelegate {
  struct Frame {
    let x: Double, y: Double, width: Double, height: Double
    func contains(_ other: Frame) -> Bool {
      x <= other.x && y <= other.y && other.x + other.width <= x + width && other.y + other.height <= y + height
    }
    func intersects(_ other: Frame) -> Bool {
      x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }
  }
  struct Element {
    let name: String
    let kind: String?
    let frame: Frame
    var words = ""
    var x: Double { frame.x }
    var y: Double { frame.y }
  }
  private(set) var elements: [Element] = []
  private var open: [Int] = []

  init(_ text: String) throws {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { throw parser.parserError ?? CocoaError(.fileReadCorruptFile) }
  }

  func texts(_ kind: String?) -> [Element] {
    elements.filter { $0.name == "text" && ($0.kind == kind || kind.map { $0 + " left" } == $0.kind) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    func number(_ key: String) -> Double { attributes[key].flatMap(Double.init) ?? 0 }
    open.append(elements.count)
    elements.append(
      Element(
        name: name, kind: attributes["class"],
        frame: Frame(x: number("x"), y: number("y"), width: number("width"), height: number("height"))))
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) { elements[open.last!].words += text }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { open.removeLast() }
}
